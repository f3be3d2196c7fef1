variable "amount" {
  description = "Cost limit of a month, in whole units; currency only if it has to be checked, for example EUR."
  type = object({
    units    = number
    currency = optional(string)
  })
  nullable = false

  validation {
    condition     = var.amount.units >= 1 && var.amount.units == floor(var.amount.units)
    error_message = "A budget is a whole number of at least 1, not ${var.amount.units}."
  }

  validation {
    condition = can(regex("^[A-Z]{3}$", coalesce(var.amount.currency, "EUR")))
    error_message = join(" ", [
      "A currency has three capitals and is the billing account's own: ${coalesce(var.amount.currency, "-")}.",
    ])
  }
}

variable "billing_account" {
  description = "The billing account that pays for the project, for example 012345-6789AB-CDEF01."
  type        = string
  nullable    = false

  validation {
    condition = can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = join(" ", [
      "Invalid billing account '${var.billing_account}'. Link one: https://console.cloud.google.com/billing/projects",
    ])
  }
}

# https://cloud.google.com/billing/docs/reference/budget/rest/v1/billingAccounts.budgets#NotificationsRule
variable "channels" {
  description = "Full names of e-mail notification channels, at most five; the API rejects other types."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.channels) <= 5
    error_message = "A budget notifies at most five e-mail channels, not ${length(var.channels)}."
  }
}

variable "name" {
  description = "The budget's title."
  type        = string
  nullable    = false
}

variable "project_number" {
  description = "Number of the project whose cost is counted."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.project_number))
    error_message = "Give the number of the project, not its id: ${var.project_number}."
  }
}

variable "thresholds" {
  description = "Fractions of the amount at which a notification is sent: 0.5 is a half."
  type        = set(number)
  default     = [0.5, 0.9, 1]
  nullable    = false

  validation {
    condition     = length(var.thresholds) > 0 && alltrue([for part in var.thresholds : part > 0 && part <= 10])
    error_message = "A threshold is a fraction, 0.5 for a half, not a percentage: ${join(", ", var.thresholds)}."
  }
}

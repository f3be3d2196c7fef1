variable "amount" {
  description = "What a month may cost, in whole units of the billing account's own currency."
  type = object({
    units    = number
    currency = optional(string, "EUR")
  })
  nullable = false

  validation {
    condition     = var.amount.units >= 1 && var.amount.units == floor(var.amount.units)
    error_message = "A budget is a whole number of at least 1, not ${var.amount.units}."
  }

  validation {
    condition     = can(regex("^[A-Z]{3}$", var.amount.currency))
    error_message = "A currency is written in three capitals, as EUR, and is the billing account's own: ${var.amount.currency}."
  }
}

variable "billing_account" {
  description = "The billing account that pays for the project, as 012345-6789AB-CDEF01."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "A billing account is 012345-6789AB-CDEF01, not '${var.billing_account}'. Link one to the project: https://console.cloud.google.com/billing/projects"
  }
}

variable "channels" {
  description = "Full names of the notification channels that are told; at most five."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.channels) <= 5
    error_message = "A budget tells at most five channels, not ${length(var.channels)}."
  }
}

variable "name" {
  description = "What the budget is called."
  type        = string
  nullable    = false
}

variable "project_number" {
  description = "Number of the project whose cost is counted."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.project_number))
    error_message = "The number of a project, not its id: ${var.project_number}."
  }
}

variable "thresholds" {
  description = "Parts of the amount at which somebody is told: 0.5 is a half."
  type        = set(number)
  default     = [0.5, 0.9, 1]
  nullable    = false

  validation {
    condition     = length(var.thresholds) > 0 && alltrue([for part in var.thresholds : part > 0 && part <= 10])
    error_message = "A threshold is a part of the amount, 0.5 for a half, not a percentage: ${join(", ", var.thresholds)}."
  }
}

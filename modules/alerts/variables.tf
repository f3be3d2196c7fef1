locals {
  channel_types = ["email", "google_chat", "pubsub", "sms"]
  channel_addresses = {
    email       = "^[^@\\s]+@[^@\\s]+$"
    google_chat = "^spaces/[\\w-]+$"
    pubsub      = "^projects/[^/]+/topics/[^/]+$"
    sms         = "^\\+[0-9]{6,15}$"
  }
}

# A pubsub topic must let service-NUMBER@gcp-sa-monitoring-notification.iam.gserviceaccount.com publish. Types that
# need a token are rejected: the token would be in Terraform's state.
variable "channels" {
  description = "Receivers of alerts, by name: an e-mail address, spaces/ID, a topic's full name or a phone number."
  type = map(object({
    type    = optional(string, "email")
    address = string
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([for channel in var.channels : contains(local.channel_types, channel.type)])
    error_message = format("A channel is one of %s. Invalid: %s.", join(", ", local.channel_types), join(", ", [
      for name, channel in var.channels : "${name} (${channel.type})" if !contains(local.channel_types, channel.type)
    ]))
  }

  validation {
    condition = alltrue([
      for channel in var.channels :
      can(regex(lookup(local.channel_addresses, channel.type, ""), trimspace(channel.address)))
    ])
    error_message = format("Give name@example.com, spaces/ID, a topic or +3221234567. Invalid: %s.", join(", ", [
      for name, channel in var.channels : "${name} (${channel.type}) has '${channel.address}'"
      if !can(regex(lookup(local.channel_addresses, channel.type, ""), trimspace(channel.address)))
    ]))
  }
}

variable "dataform_repository" {
  description = "Short name of the watched Dataform repository."
  type        = string
  nullable    = false
}

variable "expects_loads" {
  description = "Whether missing loads raise an alert: not while schedules are paused."
  type        = bool
  default     = true
  nullable    = false
}

variable "hourly_endpoints" {
  description = "Endpoints that are copied every hour: the absence of all their loads is an alert."
  type        = list(string)
  default     = ["sales"]
  nullable    = false
}

variable "key_days" {
  description = "Days after which the key of a source must be rotated."
  type        = number
  nullable    = false
}

variable "labels" {
  description = "Labels of policies, channels and the dashboard, to which the provider's default labels do not apply."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "limits" {
  description = "Limits of the alerts: orphans as a fraction, rejects in two days, GiB billed a day, hours."
  type = object({
    orphan_rate         = optional(number, 0.01)
    rejects             = optional(number, 0)
    gib_a_day           = optional(number, 100)
    hours_without_sales = optional(number, 2)
    rotation_hours      = optional(number, 24)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.limits.orphan_rate >= 0 && var.limits.orphan_rate < 1
    error_message = "orphan_rate is a fraction, 0.01 for 1 %, not ${var.limits.orphan_rate}."
  }

  validation {
    condition = var.limits.hours_without_sales >= 1 && var.limits.hours_without_sales <= 23
    error_message = join(" ", [
      "hours_without_sales is 1 to 23, the longest absence of Monitoring, not ${var.limits.hours_without_sales}.",
    ])
  }

  validation {
    condition     = var.limits.rotation_hours >= 2 && var.limits.rotation_hours <= 144
    error_message = "rotation_hours is 2 to 144: notices expire after a week; not ${var.limits.rotation_hours}."
  }

  validation {
    condition     = var.limits.gib_a_day > 0 && var.limits.rejects >= 0
    error_message = "gib_a_day must be above 0, rejects at least 0: ${var.limits.gib_a_day}, ${var.limits.rejects}."
  }
}

variable "name" {
  description = "Title of the dashboard."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "The watched project."
  type        = string
  nullable    = false
}

variable "region" {
  description = "The region of the jobs."
  type        = string
  nullable    = false
}

variable "rotation_subscription" {
  description = "Short name of the subscription with the notices of due keys."
  type        = string
  nullable    = false
}

variable "runbooks" {
  description = "Location of the runbooks: a folder of the repository, or its URL."
  type        = string
  default     = "docs/runbooks"
  nullable    = false

  validation {
    condition     = !endswith(var.runbooks, "/")
    error_message = "Remove the slash at the end: ${var.runbooks}."
  }
}

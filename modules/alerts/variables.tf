variable "channels" {
  description = "Where alerts go, by name: an email address, a google_chat space (spaces/ID), a pubsub topic (projects/PROJECT/topics/NAME, on which service-NUMBER@gcp-sa-monitoring-notification may publish), or the number of an sms."
  type = map(object({
    type    = optional(string, "email")
    address = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for channel in var.channels : contains(["email", "google_chat", "pubsub", "sms"], channel.type)])
    error_message = "A channel is an email, a google_chat, a pubsub or an sms; those that need a token would leave it in Terraform's state. Not so: ${join(", ", [for name, channel in var.channels : "${name} (${channel.type})" if !contains(["email", "google_chat", "pubsub", "sms"], channel.type)])}."
  }

  validation {
    condition = alltrue([
      for channel in var.channels : can(regex({
        email = "^[^@\\s]+@[^@\\s]+$", google_chat = "^spaces/[\\w-]+$", pubsub = "^projects/[^/]+/topics/[^/]+$", sms = "^\\+[0-9]{6,15}$"
      }[channel.type], trimspace(channel.address))) || !contains(["email", "google_chat", "pubsub", "sms"], channel.type)
    ])
    error_message = "A channel without a usable address tells nobody. Give name@example.com, spaces/ID, projects/PROJECT/topics/NAME or +3221234567: ${join(", ", [for name, channel in var.channels : "${name} (${channel.type}) has '${channel.address}'"])}."
  }
}

variable "dataform_repository" {
  description = "Short name of the Dataform repository that is watched."
  type        = string
  nullable    = false
}

variable "expects_loads" {
  description = "Whether the absence of loads is worth an alert: not where schedules are paused."
  type        = bool
  default     = true
  nullable    = false
}

variable "key_days" {
  description = "After how many days the key of a source is due to be changed."
  type        = number
  nullable    = false
}

variable "labels" {
  description = "Labels of policies, channels and the dashboard, which the provider's own do not reach."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "limits" {
  description = "Beyond what somebody is told: the part of sale lines that are orphans, rejected rows of two days, GiB that queries are billed in a day, hours without sales, hours that a due key may wait."
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
    error_message = "orphan_rate is a part, 0.01 for one in a hundred, not ${var.limits.orphan_rate}."
  }

  validation {
    condition     = var.limits.hours_without_sales >= 1 && var.limits.hours_without_sales <= 23
    error_message = "Monitoring notices an absence of 1 to 23 hours, not of ${var.limits.hours_without_sales}."
  }

  validation {
    condition     = var.limits.rotation_hours >= 2 && var.limits.rotation_hours <= 144
    error_message = "A notice is kept for a week, and the consumer looks every hour: rotation_hours is 2 to 144, not ${var.limits.rotation_hours}."
  }

  validation {
    condition     = var.limits.gib_a_day > 0 && var.limits.rejects >= 0
    error_message = "gib_a_day is more than 0 and rejects at least 0: ${var.limits.gib_a_day} and ${var.limits.rejects}."
  }
}

variable "name" {
  description = "What the dashboard is called."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "The project that is watched."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Where the jobs are."
  type        = string
  nullable    = false
}

variable "rotation_subscription" {
  description = "Short name of the subscription in which notices of due keys wait."
  type        = string
  nullable    = false
}

variable "runbooks" {
  description = "Where the runbooks are: a folder of the repository, or its address."
  type        = string
  default     = "docs/runbooks"
  nullable    = false

  validation {
    condition     = !endswith(var.runbooks, "/")
    error_message = "Leave out the slash at the end: ${var.runbooks}."
  }
}

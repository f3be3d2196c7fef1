locals {
  # Allowed numbers of each field, with lists, ranges and steps of them.
  cron_numbers = ["([0-5]?[0-9])", "(1?[0-9]|2[0-3])", "([1-9]|[12][0-9]|3[01])", "([1-9]|1[0-2])", "[0-7]"]
  cron_items   = [for number in local.cron_numbers : "(\\*|${number}(-${number})?)(/[1-9][0-9]?)?"]
  cron_fields  = [for item in local.cron_items : "${item}(,${item})*"]
  cron_pattern = "^${join(" ", local.cron_fields)}$"
}

variable "args" {
  description = "Arguments of the job's command; without any the job runs as declared."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "cron" {
  description = "Minute, hour, day of month, month, day of week."
  type        = string
  nullable    = false

  validation {
    condition = can(regex(local.cron_pattern, var.cron))
    error_message = join(" ", [
      "Invalid schedule '${var.cron}': expected five fields, minute (0-59), hour (0-23), day of month (1-31),",
      "month (1-12) and day of week (0-7), for example '5 * * * *'.",
    ])
  }

  validation {
    condition = alltrue([
      for range in regexall("([0-9]+)-([0-9]+)", var.cron) : tonumber(range[0]) <= tonumber(range[1])
    ])
    error_message = "Invalid schedule '${var.cron}': a range begins with its smaller number, for example 9-17."
  }

  # February has no day 30; months with 30 days have no day 31.
  validation {
    condition     = !can(regex("^\\S+ \\S+ (30 2|31 (2|4|6|9|11)) ", var.cron))
    error_message = "Invalid schedule '${var.cron}': no year has this day."
  }
}

variable "description" {
  description = "What the schedule starts."
  type        = string
  nullable    = false
}

variable "identity" {
  description = "E-mail of the account that starts the job: one of its runners, with overrides if it has arguments."
  type        = string
  nullable    = false
}

variable "job" {
  description = "Full name of the Run job, projects/PROJECT/locations/REGION/jobs/NAME."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^projects/[^/]+/locations/[^/]+/jobs/[^/]+$", var.job))
    error_message = "Give the job's id, projects/<project>/locations/<region>/jobs/<name>, not ${var.job}."
  }
}

variable "name" {
  description = "The schedule's name."
  type        = string
  nullable    = false
}

variable "paused" {
  description = "Whether it is paused; it can still be run by hand."
  type        = bool
  default     = false
  nullable    = false
}

variable "project_id" {
  description = "The project of the schedule."
  type        = string
  nullable    = false
}

variable "region" {
  description = "The region that stores it."
  type        = string
  nullable    = false
}

# scripts/deploy compares it with the list of time zones, which Terraform does not have.
variable "time_zone" {
  description = "The time zone of the cron fields, for example Europe/Brussels."
  type        = string
  default     = "Etc/UTC"
  nullable    = false
}

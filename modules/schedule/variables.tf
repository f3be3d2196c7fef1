variable "args" {
  description = "Arguments that the job's command is given; without any the job runs as declared."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "cron" {
  description = "When: minute, hour, day of month, month, day of week."
  type        = string
  nullable    = false

  validation {
    condition     = length(split(" ", var.cron)) == 5
    error_message = "A schedule has five fields, minute hour day-of-month month day-of-week: ${var.cron}."
  }
}

variable "description" {
  description = "What happens then."
  type        = string
  nullable    = false
}

variable "identity" {
  description = "E-mail of the service account that starts the job; it must be one of its runners, with overrides where there are arguments."
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
  description = "Whether it waits to be resumed; it can be run by hand all the same."
  type        = bool
  default     = false
  nullable    = false
}

variable "project_id" {
  description = "The project that the schedule belongs to."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Where it is kept."
  type        = string
  nullable    = false
}

variable "time_zone" {
  description = "The zone that the cron fields are read in, such as Europe/Brussels."
  type        = string
  default     = "Etc/UTC"
  nullable    = false
}

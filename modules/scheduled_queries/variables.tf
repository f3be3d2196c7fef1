locals {
  schedule_pattern = "^every (day ([01][0-9]|2[0-3]):[0-5][0-9]|[1-9][0-9]* hours)$"
  select_pattern   = "(?i)^(\\s*--[^\n]*\n)*\\s*(select|with)\\s"
}

variable "identity" {
  description = "The service account that runs the queries: its e-mail and its full resource name."
  type = object({
    email = string
    name  = string
  })
  nullable = false
}

variable "location" {
  description = "Location of the queries, for example EU. It must equal that of the warehouse."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the topic for the end of every run, and of the subscription that keeps it."
  type        = string
  nullable    = false
}

variable "paused" {
  description = "Whether the schedules are paused; a run by hand is still possible."
  type        = bool
  default     = false
  nullable    = false
}

variable "project_id" {
  description = "The project of the queries."
  type        = string
  nullable    = false
}

variable "project_number" {
  description = "The project's number, which is part of the name of the transfer service's agent."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.project_number))
    error_message = "Give the number of the project, not its id: ${var.project_number}."
  }
}

# The service has no time zone other than UTC. A statement names its own target table.
variable "queries" {
  description = "The queries, by name: SQL, schedule in UTC, and the table that a SELECT overwrites."
  type = map(object({
    sql      = string
    schedule = string
    destination = optional(object({
      dataset = string
      table   = string
    }))
  }))
  nullable = false

  validation {
    condition = alltrue([for query in var.queries : can(regex(local.schedule_pattern, query.schedule))])
    error_message = format("A schedule is 'every day 04:10' or 'every 3 hours'. Invalid: %s.", join(", ", [
      for name, query in var.queries : "${name} (${query.schedule})"
      if !can(regex(local.schedule_pattern, query.schedule))
    ]))
  }

  validation {
    condition = alltrue([
      for query in var.queries : query.destination == null || can(regex(local.select_pattern, query.sql))
    ])
    error_message = format("Only a SELECT has a destination table. Invalid: %s.", join(", ", [
      for name, query in var.queries : name
      if query.destination != null && !can(regex(local.select_pattern, query.sql))
    ]))
  }
}

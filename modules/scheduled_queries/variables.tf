variable "identity" {
  description = "The service account that the queries run as: its e-mail and its full resource name."
  type = object({
    email = string
    name  = string
  })
  nullable = false
}

variable "location" {
  description = "Where the queries run, such as EU. It must be the warehouse's."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the topic that hears the end of every run, and of the subscription that keeps it."
  type        = string
  nullable    = false
}

variable "paused" {
  description = "Whether the schedules wait; a run by hand is possible all the same."
  type        = bool
  default     = false
  nullable    = false
}

variable "project_id" {
  description = "The project that the queries belong to."
  type        = string
  nullable    = false
}

variable "project_number" {
  description = "The project's number, which names the transfer service's own agent."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.project_number))
    error_message = "The number of a project, not its id: ${var.project_number}."
  }
}

variable "queries" {
  description = "The queries, by name: SQL, when (UTC, the only zone that the service knows), and the table that a SELECT fills anew; a statement names its own."
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
    condition     = alltrue([for query in var.queries : can(regex("^every (day ([01][0-9]|2[0-3]):[0-5][0-9]|[1-9][0-9]* hours)$", query.schedule))])
    error_message = "A schedule here is 'every day 04:10' or 'every 3 hours'. Not so: ${join(", ", [for name, query in var.queries : "${name} (${query.schedule})" if !can(regex("^every (day ([01][0-9]|2[0-3]):[0-5][0-9]|[1-9][0-9]* hours)$", query.schedule))])}."
  }

  validation {
    condition     = alltrue([for query in var.queries : query.destination == null || can(regex("(?i)^(\\s*--[^\n]*\n)*\\s*(select|with)\\s", query.sql))])
    error_message = "A destination table goes with a SELECT alone; a statement names its own table. Not so: ${join(", ", [for name, query in var.queries : name if query.destination != null && !can(regex("(?i)^(\\s*--[^\n]*\n)*\\s*(select|with)\\s", query.sql))])}."
  }
}

variable "description" {
  description = "What the repository contains; shown as its title."
  type        = string
  nullable    = false
}

variable "invokers" {
  description = "Members that compile and start runs as the runner: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "name" {
  description = "The repository's name."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "The project of the repository."
  type        = string
  nullable    = false
}

variable "project_number" {
  description = "The project's number, which is part of the name of Dataform's service agent."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.project_number))
    error_message = "Give the number of the project, not its id: ${var.project_number}."
  }
}

variable "protected" {
  description = "Whether the repository refuses to be destroyed."
  type        = bool
  default     = true
  nullable    = false
}

variable "region" {
  description = "The region in which Dataform stores and runs it."
  type        = string
  nullable    = false
}

variable "rehearsal" {
  description = "Full name of the account that runs the SQL of rehearsals, and the members that start them as it."
  type = object({
    runner_name = string
    invokers    = map(string)
  })
  nullable = false
}

variable "releasers" {
  description = "Members that make another commit live: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "runner" {
  description = "The service account that runs the SQL: its e-mail and its full resource name."
  type = object({
    email = string
    name  = string
  })
  nullable = false
}

variable "viewers" {
  description = "Members that read code and compiled graphs: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

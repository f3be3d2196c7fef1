variable "description" {
  description = "What the repository holds; shown as its title."
  type        = string
  nullable    = false
}

variable "invokers" {
  description = "Who compiles and starts runs as the runner: name => member."
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
  description = "The project that the repository belongs to."
  type        = string
  nullable    = false
}

variable "project_number" {
  description = "The project's number, which names Dataform's own service agent."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.project_number))
    error_message = "The number of a project, not its id: ${var.project_number}."
  }
}

variable "protected" {
  description = "Whether the repository refuses to be destroyed."
  type        = bool
  default     = true
  nullable    = false
}

variable "region" {
  description = "Where Dataform keeps and runs it."
  type        = string
  nullable    = false
}

variable "runner" {
  description = "The service account that the SQL runs as: its e-mail and its full resource name."
  type = object({
    email = string
    name  = string
  })
  nullable = false
}

variable "consumers" {
  description = "Members that read the notices and rotate: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "name" {
  description = "Name of the topic and of its subscription."
  type        = string
  nullable    = false

  validation {
    condition = can(regex("^[A-Za-z][A-Za-z0-9._~+%-]{2,254}$", var.name)) && !startswith(var.name, "goog")
    error_message = join(" ", [
      "A topic's name has 3 to 255 letters, digits and -._~+%, begins with a letter and not with goog: ${var.name}.",
    ])
  }
}

variable "project_id" {
  description = "The project of the topic."
  type        = string
  nullable    = false
}

variable "project_number" {
  description = "The project's number, which is part of the name of Secret Manager's service agent."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.project_number))
    error_message = "Give the number of the project, not its id: ${var.project_number}."
  }
}

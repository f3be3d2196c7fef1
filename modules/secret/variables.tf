variable "accessors" {
  description = "Who reads its value: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "description" {
  description = "What the secret opens, for whoever finds it."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The secret's id, such as retail-api-key."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,253}[a-z0-9]$", var.name))
    error_message = "A secret's id is made of lower-case letters, digits and dashes: ${var.name}."
  }
}

variable "project_id" {
  description = "The project that the secret belongs to."
  type        = string
  nullable    = false
}

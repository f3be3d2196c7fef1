variable "identities" {
  description = "The purpose of each service account, by its name before the @."
  type        = map(string)
  nullable    = false

  validation {
    condition = alltrue([for name, _ in var.identities : can(regex("^[a-z]([-a-z0-9]{4,28}[a-z0-9])$", name))])
    error_message = join(" ", [
      "A service account's name has 6 to 30 lower-case letters, digits and dashes, beginning with a letter.",
    ])
  }

  validation {
    condition     = alltrue([for _, purpose in var.identities : trimspace(purpose) != "" && length(purpose) <= 256])
    error_message = "Describe the purpose of each service account in at most 256 characters."
  }
}

variable "project_id" {
  description = "The project of the service accounts."
  type        = string
  nullable    = false
}

variable "identities" {
  description = "What each service account is for, by its name before the @."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for name, _ in var.identities : can(regex("^[a-z]([-a-z0-9]{4,28}[a-z0-9])$", name))])
    error_message = "A service account's name has 6 to 30 lower-case letters, digits and dashes, beginning with a letter."
  }

  validation {
    condition     = alltrue([for _, purpose in var.identities : trimspace(purpose) != "" && length(purpose) <= 256])
    error_message = "Say in at most 256 characters what each service account is for."
  }
}

variable "project_id" {
  description = "The project that the service accounts belong to."
  type        = string
  nullable    = false
}

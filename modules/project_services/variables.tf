variable "audited_services" {
  description = "APIs whose reads of data are logged: who read which secret or object, and when."
  type        = set(string)
  default     = ["secretmanager.googleapis.com", "storage.googleapis.com"]
  nullable    = false

  validation {
    condition     = alltrue([for service in var.audited_services : endswith(service, ".googleapis.com")])
    error_message = "The name of an API ends with .googleapis.com: ${join(", ", var.audited_services)}."
  }
}

variable "project_id" {
  description = "The project; it must exist and have billing."
  type        = string
  nullable    = false
}

variable "services" {
  description = "APIs to enable, for example run.googleapis.com."
  type        = set(string)
  nullable    = false

  validation {
    condition     = alltrue([for service in var.services : endswith(service, ".googleapis.com")])
    error_message = "The name of an API ends with .googleapis.com: ${join(", ", var.services)}."
  }
}

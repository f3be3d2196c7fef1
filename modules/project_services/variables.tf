variable "project_id" {
  description = "The project, which exists and has billing."
  type        = string
  nullable    = false
}

variable "services" {
  description = "APIs to switch on, such as run.googleapis.com."
  type        = set(string)
  nullable    = false

  validation {
    condition     = alltrue([for service in var.services : endswith(service, ".googleapis.com")])
    error_message = "An API's name ends in .googleapis.com: ${join(", ", [for service in var.services : service if !endswith(service, ".googleapis.com")])}."
  }
}

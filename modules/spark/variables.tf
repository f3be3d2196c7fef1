variable "code" {
  description = "Python files of batches: path => text. The last part of a path is the name of the module."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for file in keys(var.code) : endswith(file, ".py")])
    error_message = "Code is Python: ${join(", ", keys(var.code))}."
  }
}

variable "days" {
  description = "Days after which the output of a run is deleted. The connector has loaded it by then."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.days >= 14
    error_message = "Output must outlive a connector that fails for some days: at least 14, not ${var.days}."
  }
}

variable "deliverers" {
  description = "Members that write code: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "identity" {
  description = "The service account that batches run as: its email, IAM member and full resource name."
  type = object({
    email  = string
    member = string
    name   = string
  })
  nullable = false
}

variable "ip_range" {
  description = "Internal addresses of the machines; a batch of default size uses a few of them."
  type        = string
  default     = "10.110.0.0/22"
  nullable    = false

  validation {
    condition     = can(cidrhost(var.ip_range, 0)) && can(regex("^(10|172|192)\\.", var.ip_range))
    error_message = "ip_range is a private range such as 10.110.0.0/22, not ${var.ip_range}."
  }
}

variable "location" {
  description = "Location of code and output, for example EU. It must equal that of the warehouse."
  type        = string
  nullable    = false

  validation {
    condition = var.location == upper(var.location)
    error_message = join(" ", [
      "Cloud Storage returns locations in upper case; a difference replaces the bucket: write ${upper(var.location)}.",
    ])
  }
}

variable "name" {
  description = "The bucket's name, globally unique."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.name))
    error_message = "A bucket's name has 3 to 63 lower-case letters, digits, dashes and underscores: ${var.name}."
  }
}

variable "planners" {
  description = "Members that read code, to compare it with the repository: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "project_id" {
  description = "The project of the batches."
  type        = string
  nullable    = false
}

variable "readers" {
  description = "Members that read the output: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "region" {
  description = "Region of the batches."
  type        = string
  nullable    = false
}

variable "runners" {
  description = "Members that start and cancel batches: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

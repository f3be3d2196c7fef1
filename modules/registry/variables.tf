variable "description" {
  description = "What the registry holds."
  type        = string
  nullable    = false
}

variable "keep" {
  description = "How many of the newest versions of an image are kept whatever their age, and for how many days the others."
  type = object({
    versions = optional(number, 20)
    days     = optional(number, 90)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.keep.versions >= 2 && var.keep.days >= 1
    error_message = "Keep at least 2 versions, the one that runs and the one to go back to, and the others for a day: not ${var.keep.versions} and ${var.keep.days}."
  }
}

variable "name" {
  description = "The registry's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = "A registry's name has at most 63 lower-case letters, digits and dashes, beginning with a letter: ${var.name}."
  }
}

variable "project_id" {
  description = "The project that the registry belongs to."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Where the images are: near the jobs that run them."
  type        = string
  nullable    = false
}

variable "writers" {
  description = "Who adds images: name => member. Jobs of the same project read them without a grant."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "description" {
  description = "What the registry contains."
  type        = string
  nullable    = false
}

variable "keep" {
  description = "Number of newest versions of an image that are always kept, and days for the others."
  type = object({
    versions = optional(number, 20)
    days     = optional(number, 90)
  })
  default  = {}
  nullable = false

  validation {
    condition = var.keep.versions >= 2 && var.keep.days >= 1
    error_message = join(" ", [
      "Keep at least 2 versions (running and rollback) and 1 day: not ${var.keep.versions} and ${var.keep.days}.",
    ])
  }
}

variable "kept_tags" {
  description = "Prefix of the tags whose images are never deleted: those of a release."
  type        = string
  default     = "release-"
  nullable    = false

  validation {
    condition     = length(var.kept_tags) >= 3
    error_message = "An empty or short prefix would keep every image for ever: '${var.kept_tags}'."
  }
}

variable "name" {
  description = "The registry's name."
  type        = string
  nullable    = false

  validation {
    condition = can(regex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = join(" ", [
      "A registry's name has at most 63 lower-case letters, digits and dashes, beginning with a letter: ${var.name}.",
    ])
  }
}

variable "project_id" {
  description = "The project of the registry."
  type        = string
  nullable    = false
}

variable "region" {
  description = "The region of the images: that of the jobs."
  type        = string
  nullable    = false
}

variable "scanned" {
  description = "Whether new images are scanned for known vulnerabilities, which Google bills per image."
  type        = bool
  default     = false
  nullable    = false
}

variable "writers" {
  description = "Members that push images: name => member. Jobs of the project read without a grant."
  type        = map(string)
  default     = {}
  nullable    = false
}

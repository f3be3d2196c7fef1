variable "budget" {
  description = "What a month may cost, in whole units of the billing account's own currency."
  type = object({
    units    = optional(number, 200)
    currency = optional(string, "EUR")
  })
  default  = {}
  nullable = false
}

variable "channels" {
  description = "Where alerts and the budget speak, by name: an email address, a google_chat space, a pubsub topic or the number of an sms. Without any they only show in the console."
  type = map(object({
    type    = optional(string, "email")
    address = string
  }))
  default  = {}
  nullable = false
}

variable "delivery" {
  description = "The GitHub repository that delivers here, by its number (gh api repos/OWNER/NAME --jq .id), and the branch that may apply. Without one only people do."
  type = object({
    repository_id = string
    branch        = optional(string, "main")
  })
  default = null
}

variable "env" {
  description = "The environment: the workspace, and the name of its tfvars."
  type        = string
  nullable    = false

  validation {
    condition     = var.env == terraform.workspace
    error_message = "env is '${var.env}' but the selected workspace is '${terraform.workspace}'. Run: python -m scripts.deploy plan --env ${var.env}"
  }
}

variable "export_buckets" {
  description = "The bucket that each export of kind file is written to; its owners grant sheets-sync roles/storage.objectUser on it."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(local.file_exports, keys(var.export_buckets))) == 0
    error_message = "sheets_sync/exports declares files that have no bucket here: ${join(", ", setsubtract(local.file_exports, keys(var.export_buckets)))}."
  }
}

variable "export_urls" {
  description = "The address of the API that each export of kind http goes to, up to its declared path."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(local.http_exports), keys(var.export_urls))) == 0
    error_message = "sheets_sync/exports declares APIs that have no address here: ${join(", ", setsubtract(keys(local.http_exports), keys(var.export_urls)))}."
  }

  validation {
    condition     = alltrue([for url in values(var.export_urls) : can(regex("^https?://[^/]+", url))])
    error_message = "An address begins with https://."
  }
}

variable "groups" {
  description = "Google groups: engineers read every dataset, analysts the marts alone. Without an address nobody does."
  type = object({
    analysts  = optional(string)
    engineers = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for address in values(var.groups) : can(regex("^[^@:]+@[^@:]+$", coalesce(address, "nobody@example.com")))])
    error_message = "A group is an address without a prefix, such as analysts@example.com."
  }
}

variable "images" {
  description = "The image that each job begins with, by digest; without one, Google's sample until delivery gives it. Later changes are delivery's, not Terraform's."
  type = object({
    connector   = optional(string)
    pipeline    = optional(string)
    sheets_sync = optional(string)
  })
  default  = {}
  nullable = false
}

variable "limits" {
  description = "Beyond what an alert speaks, where not at the limit that modules/alerts has."
  type = object({
    orphan_rate         = optional(number)
    rejects             = optional(number)
    gib_a_day           = optional(number)
    hours_without_sales = optional(number)
    rotation_hours      = optional(number)
  })
  default  = {}
  nullable = false
}

variable "location" {
  description = "Where the data is: bucket and warehouse."
  type        = string
  default     = "EU"
  nullable    = false
}

variable "notices" {
  description = "How sheets-sync tells people what their exports ask for: by which mail server, and whether by signed webhooks. Without, notices are off."
  type = object({
    smtp = optional(object({
      host = string
      port = optional(number, 587)
      from = string
      user = optional(string)
    }))
    webhooks = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for smtp in var.notices.smtp[*] : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", smtp.from))])
    error_message = "notices.smtp.from is the address that notices come from, such as data@example.com."
  }
}

variable "project_id" {
  description = "The environment's own project, which exists and has billing."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "A project's id has 6 to 30 lower-case letters, digits and dashes, beginning with a letter: ${var.project_id}."
  }
}

variable "protected" {
  description = "Whether everything here refuses to be destroyed or replaced, data above all."
  type        = bool
  default     = true
  nullable    = false
}

variable "region" {
  description = "Where jobs, schedules and Dataform are."
  type        = string
  default     = "europe-west1"
  nullable    = false
}

variable "rotation" {
  description = "After how many days a source's key is due to be changed, and first when (RFC 3339); without that, so many days after the secret is made."
  type = object({
    days  = optional(number, 90)
    first = optional(string)
  })
  default  = {}
  nullable = false
}

variable "schedules" {
  description = "When the pipeline runs and keys are looked at (cron), in which time zone, and whether all schedules wait to be resumed."
  type = object({
    hourly    = optional(string, "5 * * * *")
    daily     = optional(string, "35 3 * * *")
    rotation  = optional(string, "50 * * * *")
    time_zone = optional(string, "Etc/UTC")
    paused    = optional(bool, false)
  })
  default  = {}
  nullable = false
}

variable "source_spreadsheets" {
  description = "The spreadsheet of each source that is one: the id in its address. It is shared, as viewer, with the connector's identity."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract([for name, source in local.sources : name if source.kind == "sheet"], keys(var.source_spreadsheets))) == 0
    error_message = "connector/sources declares sheets that have no id here: ${join(", ", setsubtract([for name, source in local.sources : name if source.kind == "sheet"], keys(var.source_spreadsheets)))}."
  }

  validation {
    condition     = alltrue([for id in values(var.source_spreadsheets) : can(regex("^[A-Za-z0-9_-]+$", id))])
    error_message = "Give the spreadsheet's id, not its address: what stands between /d/ and /edit."
  }
}

variable "source_urls" {
  description = "Where a source is in this environment, if it is not where connector/sources says."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.source_urls), keys(local.sources))) == 0
    error_message = "The sources are ${join(", ", keys(local.sources))}, not ${join(", ", keys(var.source_urls))}."
  }
}

variable "spreadsheets" {
  description = "The spreadsheet of each export: the id in its address, https://docs.google.com/spreadsheets/d/ID/edit."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(local.sheet_exports, keys(var.spreadsheets))) == 0
    error_message = "sheets_sync/exports declares ${join(", ", local.sheet_exports)}. Give each a spreadsheet's id; missing: ${join(", ", setsubtract(local.sheet_exports, keys(var.spreadsheets)))}."
  }

  validation {
    condition     = alltrue([for id in values(var.spreadsheets) : can(regex("^[A-Za-z0-9_-]+$", id))])
    error_message = "Give the spreadsheet's id, not its address: what stands between /d/ and /edit."
  }
}

variable "usd_per_tib" {
  description = "What BigQuery asks for a TiB that a query scans, for ops.costs: https://cloud.google.com/bigquery/pricing"
  type        = number
  default     = 6.25
  nullable    = false
}

locals {
  deliverers = var.delivery == null ? {} : { delivery-apply = module.identities.members["delivery-apply"] }

  analysts  = { for address in var.groups.analysts[*] : "analysts" => "group:${address}" }
  engineers = { for address in var.groups.engineers[*] : "engineers" => "group:${address}" }
}

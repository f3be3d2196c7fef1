# The account that applies needs billing.budgets.create on the billing account; null if it does not have it.
variable "budget" {
  description = "Cost limit of a month, in whole units of the billing account's currency; null for no budget."
  type = object({
    units    = optional(number, 200)
    currency = optional(string)
  })
  default = {}
}

variable "channels" {
  description = "Receivers of alerts, by name: modules/alerts has the types. The budget notifies those of type email."
  type = map(object({
    type    = optional(string, "email")
    address = string
  }))
  default  = {}
  nullable = false
}

variable "delivery" {
  description = "The GitHub repository that delivers, by number, and the branch that may apply; null for none."
  type = object({
    repository_id = string
    branch        = optional(string, "main")
  })
  default = null
}

variable "env" {
  description = "The environment: name of the workspace and of its tfvars file."
  type        = string
  nullable    = false

  validation {
    condition = var.env == terraform.workspace
    error_message = join(" ", [
      "env is '${var.env}' but the selected workspace is '${terraform.workspace}'.",
      "Run: python -m scripts.deploy plan --env ${var.env}",
    ])
  }
}

variable "export_buckets" {
  description = "Bucket of each export of kind file; its owner grants sheets-sync roles/storage.objectUser."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(setsubtract(local.file_exports, keys(var.export_buckets))) == 0
    error_message = format(
      "export_buckets lacks the bucket of exports of kind file: %s.",
      join(", ", setsubtract(local.file_exports, keys(var.export_buckets))),
    )
  }

  validation {
    condition = length(setsubtract(keys(var.export_buckets), local.file_exports)) == 0
    error_message = format(
      "export_buckets has names that are not exports of kind file: %s. Correct or remove them.",
      join(", ", setsubtract(keys(var.export_buckets), local.file_exports)),
    )
  }
}

variable "export_urls" {
  description = "Address of the API of each export of kind http, without its declared path."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(setsubtract(keys(local.http_exports), keys(var.export_urls))) == 0
    error_message = format(
      "export_urls lacks the address of exports of kind http: %s.",
      join(", ", setsubtract(keys(local.http_exports), keys(var.export_urls))),
    )
  }

  validation {
    condition     = alltrue([for url in values(var.export_urls) : can(regex("^https?://[^/\\s]+\\S*$", url))])
    error_message = "An address begins with https:// and has no blanks: '${join("', '", values(var.export_urls))}'."
  }

  validation {
    condition = length(setsubtract(keys(var.export_urls), keys(local.http_exports))) == 0
    error_message = format(
      "export_urls has names that are not exports of kind http: %s. Correct or remove them.",
      join(", ", setsubtract(keys(var.export_urls), keys(local.http_exports))),
    )
  }
}

variable "groups" {
  description = "Google groups: engineers read every dataset, analysts only dmt. Without an address, no group."
  type = object({
    analysts  = optional(string)
    engineers = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for address in values(var.groups) :
      can(regex("^[^@:\\s]+@[^@:\\s]+\\.[^@:\\s]+$", coalesce(address, "a@b.example")))
    ])
    error_message = "A group is an address without a prefix, for example analysts@example.com."
  }
}

variable "images" {
  description = "First image of each job, by digest; default: Google's sample. Later images are delivered."
  type = object({
    connector   = optional(string)
    pipeline    = optional(string)
    report      = optional(string)
    sheets_sync = optional(string)
  })
  default  = {}
  nullable = false
}

variable "limits" {
  description = "Limits of alerts that differ from the defaults of modules/alerts."
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
  description = "Location of bucket and datasets."
  type        = string
  default     = "EU"
  nullable    = false

  # Multi-regions of BigQuery: https://cloud.google.com/bigquery/docs/locations
  validation {
    condition     = contains(["EU", "US"], var.location) || can(regex(local.region_pattern, lower(var.location)))
    error_message = "A location is EU, US or a region such as EUROPE-WEST1, not ${var.location}."
  }

  # Data must not leave its continent because only one of the two was changed.
  validation {
    condition = startswith(
      var.region, "${lookup({ EU = "europe", US = "us" }, var.location, split("-", lower(var.location))[0])}-"
    )
    error_message = "location ${var.location} and region ${var.region} are on two continents; set both."
  }
}

variable "looker_report" {
  description = "Id of the Looker Studio report that the links of output dashboards copy; null for a blank report."
  type        = string
  default     = null

  validation {
    condition     = var.looker_report == null || can(regex("^[A-Za-z0-9_-]+$", var.looker_report))
    error_message = <<-EOT
      Give the report's id, not its address: the part after /reporting/ and before the next slash, not
      '${coalesce(var.looker_report, "-")}'.
    EOT
  }
}

variable "memory" {
  description = "Memory of sheets-sync: 140 MB, and 350 bytes for each cell of the largest export."
  type = object({
    sheets_sync = optional(string, "2Gi")
  })
  default  = {}
  nullable = false
}

variable "notices" {
  description = "Mail server and signed webhooks for notices of exports, and receivers of the mail about last night."
  type = object({
    report = optional(list(string), [])
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
    error_message = "notices.smtp.from is the sender of notices, for example data@example.com."
  }

  # The pattern of runtime/mail_settings.py, which rejects every other address at the start of the job.
  validation {
    condition = alltrue([
      for address in var.notices.report :
      can(regex("^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+$", address))
    ])
    error_message = format(
      "notices.report has mail addresses, for example data@example.com, not %s.",
      join(", ", [for address in var.notices.report : "'${address}'"]),
    )
  }

  validation {
    condition     = length(var.notices.report) == 0 || var.notices.smtp != null
    error_message = "notices.report needs a mail server: set notices.smtp, or remove the receivers."
  }

  validation {
    condition = alltrue([
      for smtp in var.notices.smtp[*] :
      can(regex("^[A-Za-z0-9.-]+$", smtp.host)) && smtp.port >= 1 && smtp.port <= 65535
    ])
    error_message = format(
      "notices.smtp needs a host, for example smtp.example.com, and a port from 1 to 65535, not %s.",
      join(", ", [for smtp in var.notices.smtp[*] : "'${smtp.host}' and ${smtp.port}"]),
    )
  }
}

variable "project_id" {
  description = "The environment's own project; it must exist and have billing."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "A project id has 6 to 30 lower-case letters, digits and dashes, a letter first: ${var.project_id}."
  }
}

variable "protected" {
  description = "Whether what contains data refuses to be destroyed: bucket, datasets, tables, secrets, Dataform."
  type        = bool
  default     = true
  nullable    = false
}

variable "region" {
  description = "Region of jobs, schedules, secrets and Dataform."
  type        = string
  default     = "europe-west1"
  nullable    = false

  validation {
    condition     = can(regex(local.region_pattern, var.region))
    error_message = "Unknown region ${var.region}: https://cloud.google.com/about/locations"
  }
}

variable "retention_days" {
  description = "Days after which partitions of raw and of ops expire; default: never."
  type = object({
    raw = optional(number)
    ops = optional(number)
  })
  default  = {}
  nullable = false
}

variable "rotation" {
  description = "Days between rotations of a source's key; the first due time (RFC 3339), by default after them."
  type = object({
    days  = optional(number, 90)
    first = optional(string)
  })
  default  = {}
  nullable = false
}

variable "scan_images" {
  description = "Whether pushed images are scanned for known vulnerabilities, which Google bills per image."
  type        = bool
  default     = false
  nullable    = false
}

# A job without a delivered image keeps its schedule paused; the apply after the delivery starts it.
variable "schedules" {
  description = "Cron of the pipeline and of key-rotation, their time zone, and whether all are paused."
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
  description = "Spreadsheet id of each source of kind sheet; share it with the connector's identity as viewer."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(setsubtract(local.sheet_sources, keys(var.source_spreadsheets))) == 0
    error_message = format(
      "source_spreadsheets lacks the id of sources of kind sheet: %s.",
      join(", ", setsubtract(local.sheet_sources, keys(var.source_spreadsheets))),
    )
  }

  validation {
    condition     = alltrue([for id in values(var.source_spreadsheets) : can(regex("^[A-Za-z0-9_-]+$", id))])
    error_message = "Give the spreadsheet's id, not its address: the part between /d/ and /edit."
  }

  validation {
    condition = length(setsubtract(keys(var.source_spreadsheets), local.sheet_sources)) == 0
    error_message = format(
      "source_spreadsheets has names that are not sources of kind sheet: %s. Correct or remove them.",
      join(", ", setsubtract(keys(var.source_spreadsheets), local.sheet_sources)),
    )
  }
}

variable "source_urls" {
  description = "Address of a source in this environment, if it differs from connector/sources."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.source_urls), keys(local.sources))) == 0
    error_message = "The sources are ${join(", ", keys(local.sources))}, not ${join(", ", keys(var.source_urls))}."
  }

  validation {
    condition     = alltrue([for url in values(var.source_urls) : can(regex("^https?://[^/\\s]+\\S*$", url))])
    error_message = "An address begins with https:// and has no blanks: '${join("', '", values(var.source_urls))}'."
  }
}

variable "spreadsheets" {
  description = "Spreadsheet id of each export, from https://docs.google.com/spreadsheets/d/ID/edit."
  type        = map(string)
  default     = {}
  nullable    = false

  # Two exports to one tab would remove each other's rows.
  validation {
    condition = length(distinct([
      for name, id in var.spreadsheets :
      "${id} ${lower(replace(try(local.exports[name].tab, name), "{segment}", name))}"
    ])) == length(var.spreadsheets)
    error_message = format(
      "Two exports have the same tab of one spreadsheet: %s. Change the tab in sheets_sync/exports, or the id.",
      join(", ", [
        for name, id in var.spreadsheets : "${name} has '${try(local.exports[name].tab, name)}' of ${id}"
      ]),
    )
  }

  validation {
    condition = length(setsubtract(local.sheet_exports, keys(var.spreadsheets))) == 0
    error_message = format(
      "spreadsheets needs an id for each of %s; missing: %s.",
      join(", ", local.sheet_exports),
      join(", ", setsubtract(local.sheet_exports, keys(var.spreadsheets))),
    )
  }

  validation {
    condition     = alltrue([for id in values(var.spreadsheets) : can(regex("^[A-Za-z0-9_-]+$", id))])
    error_message = "Give the spreadsheet's id, not its address: the part between /d/ and /edit."
  }

  validation {
    condition = length(setsubtract(keys(var.spreadsheets), local.sheet_exports)) == 0
    error_message = format(
      "spreadsheets has names that are not exports to a spreadsheet: %s. Correct or remove them.",
      join(", ", setsubtract(keys(var.spreadsheets), local.sheet_exports)),
    )
  }
}

variable "usd_per_tib" {
  description = "Price of a scanned TiB, for ops.costs: https://cloud.google.com/bigquery/pricing"
  type        = number
  default     = 6.25
  nullable    = false

  validation {
    condition     = var.usd_per_tib > 0
    error_message = "The price of a TiB is above 0, not ${var.usd_per_tib}."
  }
}

variable "watched_runs" {
  description = "How many runs of the pipeline judge a new release, and roll it back if it is bad; 0 for none."
  type        = number
  default     = 24
  nullable    = false

  validation {
    condition     = var.watched_runs >= 0 && var.watched_runs == floor(var.watched_runs)
    error_message = "A number of runs is a whole number, 0 to watch no release: ${var.watched_runs}."
  }
}

locals {
  # https://cloud.google.com/about/locations, read 2026-11-28
  region_pattern = join("", [
    "^(africa|asia|australia|europe|me|northamerica|southamerica|us)-",
    "(central|east|north|northeast|northwest|south|southeast|southwest|west)[0-9]{1,2}$",
  ])

  deliverers = var.delivery == null ? {} : { delivery-apply = module.identities.members["delivery-apply"] }
  updaters   = { restore = module.identities.members["restore"] }
  rehearsers = var.delivery == null ? {} : { delivery-rehearse = module.identities.members["delivery-rehearse"] }

  rehearsal = { for name in ["dataform-rehearsal", "rehearse"] : name => module.identities.members[name] }

  analysts  = { for address in var.groups.analysts[*] : "analysts" => "group:${address}" }
  engineers = { for address in var.groups.engineers[*] : "engineers" => "group:${address}" }
}

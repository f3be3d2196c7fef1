variable "editors" {
  description = "Who writes: dataset => name => member."
  type        = map(map(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.editors), ["raw", "ods", "dmt", "ops", "assertions", "staging"])) == 0
    error_message = "The datasets are raw, ods, dmt, ops, assertions and staging, not ${join(", ", keys(var.editors))}."
  }
}

variable "job_users" {
  description = "Who may run queries and load jobs in this project: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "location" {
  description = "Where the data is, such as EU. It must be the landing bucket's."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "The project that the datasets belong to."
  type        = string
  nullable    = false
}

variable "protected" {
  description = "Whether tables, and datasets that still hold some, refuse to be destroyed."
  type        = bool
  default     = true
  nullable    = false
}

variable "raw_tables" {
  description = "Tables of raw, by name: what a row is, and the JSON of its columns as BigQuery's API spells them."
  type = map(object({
    description = string
    schema      = string
    clustering  = optional(list(string), ["SYS_FILE_NAME"])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for table in var.raw_tables : can([for column in jsondecode(table.schema) : [column.name, column.type]])])
    error_message = "A schema is a JSON list of columns, each with a name and a type. Not so: ${join(", ", [for name, table in var.raw_tables : name if !can([for column in jsondecode(table.schema) : [column.name, column.type]])])}."
  }

  validation {
    condition = alltrue([
      for table in var.raw_tables : length(setsubtract(flatten(regexall("\"type\": *\"([^\"]*)\"", table.schema)), ["STRING", "RECORD", "TIMESTAMP"])) == 0
    ])
    error_message = "Columns of raw are STRING, nested ones RECORD (STRUCT would replace the table at every plan), and SYS_DATE_CREATE is TIMESTAMP: types are given in ods."
  }

  validation {
    condition     = alltrue([for table in var.raw_tables : try(anytrue([for column in jsondecode(table.schema) : column.name == "SYS_DATE_CREATE" && column.type == "TIMESTAMP"]), true)])
    error_message = "A table of raw is partitioned by SYS_DATE_CREATE: give its schema that column, a TIMESTAMP."
  }
}

variable "readers" {
  description = "Who reads: dataset => name => member."
  type        = map(map(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.readers), ["raw", "ods", "dmt", "ops", "assertions", "staging"])) == 0
    error_message = "The datasets are raw, ods, dmt, ops, assertions and staging, not ${join(", ", keys(var.readers))}."
  }
}

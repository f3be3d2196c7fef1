terraform {
  required_version = ">= 1.11"

  required_providers {
    # One exact version, so that plan and apply of a commit use the same; modules accept a range.
    google = {
      source  = "hashicorp/google"
      version = "7.45.0"
    }

    # Built in; provides the function that parses tfvars.
    terraform = {
      source = "terraform.io/builtin/terraform"
    }
  }

  # The bucket is <project>-terraform-state: scripts/bootstrap creates it, scripts/deploy passes its name.
  backend "gcs" {
    prefix = "platform"
  }
}

locals {
  labels = {
    platform    = "data"
    environment = var.env
    managed_by  = "terraform"
  }
}

# Without a deletion policy for all resources: only what contains data refuses to be destroyed, by its module.
provider "google" {
  project = var.project_id
  region  = var.region

  default_labels = local.labels

  # Grants on one project are written one after the other, 3 s each; in batches eight of them take 5 s, not 26 s.
  batching {
    enable_batching = true
    send_after      = "1s"
  }
}

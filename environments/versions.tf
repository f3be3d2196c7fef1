terraform {
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.45, < 8"
    }
  }

  # The bucket is <project>-terraform-state: scripts/bootstrap makes it, scripts/deploy names it.
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

provider "google" {
  project         = var.project_id
  region          = var.region
  deletion_policy = var.protected ? "PREVENT" : "DELETE"

  default_labels = local.labels

  # Eight grants on one project take 26 s one by one and 5 s in batches.
  batching {
    enable_batching = true
    send_after      = "1s"
  }
}

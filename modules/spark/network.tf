# Batches run on machines without public addresses, in a network that has nothing else and no way to the internet:
# https://docs.cloud.google.com/dataproc-serverless/docs/concepts/network
resource "google_compute_network" "batches" {
  project                 = var.project_id
  name                    = "spark"
  description             = "Only for Spark batches."
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "batches" {
  #checkov:skip=CKV_GCP_26:flow logs would record the traffic between the machines of one batch
  #checkov:skip=CKV_GCP_76:the subnetwork has no IPv6 addresses
  project                  = var.project_id
  region                   = var.region
  name                     = "spark"
  network                  = google_compute_network.batches.id
  ip_cidr_range            = var.ip_range
  private_ip_google_access = true # Cloud Storage without a public address
}

# The driver and its executors talk on any port.
resource "google_compute_firewall" "batches" {
  project            = var.project_id
  name               = "spark-internal"
  description        = "Between the machines of batches."
  network            = google_compute_network.batches.id
  direction          = "INGRESS"
  source_ranges      = [var.ip_range]
  destination_ranges = [var.ip_range]

  allow {
    protocol = "all"
  }
}

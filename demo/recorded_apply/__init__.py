"""The requests of one `terraform apply` of workspace `local`, to provision a sandbox without the provider."""

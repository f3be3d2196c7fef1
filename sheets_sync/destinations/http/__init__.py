"""An API that takes rows by key, such as a CRM's."""

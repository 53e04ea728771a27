"""What the HTTP side takes and gives, as typed models: they validate requests and make the OpenAPI document."""

# Joins what two services know of a parcel, and keeps what they said in a cache.
module "composer" {
  source = "../.."

  context       = var.context
  event_bus     = { name = "shop-dev-events", arn = "arn:aws:events:eu-central-1:123456789012:event-bus/shop-dev-events" }
  package       = { path = "dist/composer.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  relay_package = { path = "dist/relay.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }

  sources = {
    parcel = "arn:aws:lambda:eu-central-1:123456789012:function:shop-dev-parcel-get_parcel"
    route  = "arn:aws:lambda:eu-central-1:123456789012:function:shop-dev-route-get_route"
  }
  functions = {
    get_tracking = {
      description = "Shows where a parcel is."
      handler     = "composer.handlers.get_tracking"
      sources     = ["parcel", "route"]
      publishes   = true
    }
  }
  cache = {
    host     = "cache.internal.example.com"
    user     = "composer"
    password = { parameter_name = "/shop/dev/cache/password" }
  }
}

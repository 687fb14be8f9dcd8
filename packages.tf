locals {
  package_names = ["composer", "console", "inventory", "notification", "order", "payment", "read_model", "relay", "saga_log", "sandbox", "shipping"]

  packages = {
    for name in local.package_names : name => {
      path   = var.packages.directory == null ? null : "${var.packages.directory}/${name}.zip"
      sha256 = try(var.packages.s3.sha256[name], null)
      s3 = var.packages.s3 == null ? null : {
        bucket  = var.packages.s3.bucket
        key     = "${var.packages.s3.prefix}${name}.zip"
        version = null
      }
    }
  }
}

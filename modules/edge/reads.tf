# CloudFront asks another origin for reads alone, and takes an origin group only where nothing else is let through
# (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html). So the paths
# that are only read are told apart from what the routes are: in a pattern `*` stands for slashes, too.
locals {
  paths = {
    for route in var.routes : route => replace(element(split(" ", route), 1), "/\\{[^}]*\\}/", "*")
  }
  written_paths = toset([for route, path in local.paths : path if !startswith(route, "GET ")])

  read_patterns = sort(distinct([
    for route, path in local.paths : path
    if startswith(route, "GET ") && !anytrue([for written in local.written_paths : can(regex("^${replace(path, "*", ".*")}$", written))])
  ]))
}

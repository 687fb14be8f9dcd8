# CloudFront asks another origin for reads alone, and takes an origin group only where nothing else is let through
# (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/high_availability_origin_failover.html). So the paths
# that are only read are told apart by the routes: those that no path which is written can match. In a pattern `*` stands
# for slashes, too.
locals {
  paths         = { for route in var.routes : route => replace(element(split(" ", route), 1), "/\\{[^}]*\\}/", "*") }
  read_paths    = toset([for route, path in local.paths : path if startswith(route, "GET ")])
  written_paths = toset([for route, path in local.paths : path if !startswith(route, "GET ")])

  # What is in front of the first `*` and behind the last one: two patterns have a path in common if both ends agree.
  ends = { for path in distinct(values(local.paths)) : path => { front = split("*", path)[0], back = reverse(split("*", path))[0] } if strcontains(path, "*") }

  read_patterns = sort([
    for read in local.read_paths : read if !anytrue([
      for written in local.written_paths : contains(keys(local.ends), read) && contains(keys(local.ends), written) ? (
        (startswith(local.ends[read].front, local.ends[written].front) || startswith(local.ends[written].front, local.ends[read].front))
        && (endswith(local.ends[read].back, local.ends[written].back) || endswith(local.ends[written].back, local.ends[read].back))
      ) : can(regex("^${replace(read, "*", ".*")}$", written)) || can(regex("^${replace(written, "*", ".*")}$", read))
    ])
  ])
}

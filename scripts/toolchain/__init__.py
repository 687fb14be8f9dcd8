"""What the project's commands share: environments, Terraform, the packages of the functions, the test runner."""

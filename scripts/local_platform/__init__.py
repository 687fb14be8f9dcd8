"""The platform on this machine: deployed by Terraform on the emulator, driven through its API, shown to people."""

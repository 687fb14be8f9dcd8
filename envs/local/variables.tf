variable "packages_directory" {
  description = "Folder with the functions' packages. Null: what `scripts/build` left in `dist`."
  type        = string
  default     = null
}

variable "runtime" {
  description = "The Lambda runtime that the packages were built for."
  type        = string
  default     = "python3.13"
  nullable    = false
}

variable "execute_api_base" {
  description = "What the paths of an API's routes follow on the emulator; `%s` is the API's id: `http://127.0.0.1:<port>/_aws/execute-api/%s/$default`."
  type        = string
  nullable    = false
}

variable "deadline_seconds" {
  description = "Seconds from the placing of an order in which its saga should end."
  type        = number
  default     = 300
  nullable    = false
}

variables {
  context = {
    namespace   = "shop"
    environment = "dev"
    account_id  = "123456789012"
    region      = "eu-central-1"
  }
  names = {
    reserve = { parts = ["inventory", "reserve"], limit = 64 }
  }
}

run "joins_the_parts" {
  command = plan

  assert {
    condition     = output.names == { reserve = "shop-dev-inventory-reserve" }
    error_message = "Expected namespace, environment and parts joined by hyphens."
  }
}

run "leaves_a_name_as_long_as_the_limit" {
  command = plan

  variables {
    names = { exact = { parts = ["inventory", "reserve"], limit = 26 } }
  }

  assert {
    condition     = output.names.exact == "shop-dev-inventory-reserve"
    error_message = "A name of exactly the limit must stay whole."
  }
}

run "cuts_a_name_longer_than_the_limit" {
  command = plan

  variables {
    names = {
      long  = { parts = ["inventory", "reserve"], limit = 25 }
      other = { parts = ["inventory", "reserva"], limit = 25 }
    }
  }

  assert {
    condition     = output.names.long == "shop-dev-invento-${substr(sha256("shop-dev-inventory-reserve"), 0, 8)}"
    error_message = "Expected the start of the name and eight digits of its hash: ${output.names.long}."
  }

  assert {
    condition     = length(output.names.long) == 25
    error_message = "A cut name must be as long as the limit."
  }

  assert {
    condition     = output.names.long != output.names.other
    error_message = "Two long names that start alike must stay apart."
  }
}

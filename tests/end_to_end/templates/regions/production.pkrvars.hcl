environment = "production"
copy_to     = ["eu-west-1"]
share_with  = ["210987654321"]

"""What a person should hear of, worked out when somebody looks."""

"""What the tests are made with: small repositories from tables, weights from seeds."""

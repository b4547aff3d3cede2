# SPDX-License-Identifier: Apache-2.0
.DEFAULT_GOAL := help
.PHONY: help demo test functions examples bench docs pictures lint format parity resources clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Declare the example, synthesize it, run it on a real PostgreSQL and try it
	@Scripts/demo

test: ## Run all tests, on every PostgreSQL version (FILTER=Suite or MODULE=test_local: some of them)
	@Scripts/test $(if $(FILTER),--filter $(FILTER)) $(if $(MODULE),--command-line $(MODULE))

functions: ## Build the functions' bundle for AWS Lambda (ARCHITECTURE=arm64 or x86_64; this processor's else)
	@Scripts/functions $(if $(ARCHITECTURE),--architecture $(ARCHITECTURE))

bench: ## Measure against real peers (release build; NAME=access, functions or synthesis alone; RECORD=1 writes the tables)
	@Scripts/bench $(NAME) $(if $(RECORD),--record)

examples: ## Build the examples
	@Scripts/examples

docs: ## Build the documentation of the libraries (DocC), without a warning
	@Scripts/docs

pictures: ## Make the pictures of the documentation anew
	@Scripts/pictures

lint: ## Check the style
	@Scripts/lint

format: ## Put the code into the style
	swift format --in-place --parallel --recursive Package.swift Sources Tests Examples Benchmarks Plugins

parity: ## Record the reference's templates anew, on the real aws-cdk-lib, and compare
	@Scripts/parity

resources: ## Generate the resource types of Tools/resource-types.txt (TYPE=AWS::SNS::Topic adds one)
	@Scripts/generate-resources $(TYPE)

clean: ## Remove what was built
	swift package clean

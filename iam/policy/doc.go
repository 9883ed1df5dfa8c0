// Package policy is the policy language: AWS's documents and the short form of user policies, parsed into one form and
// evaluated by one evaluator.
package policy

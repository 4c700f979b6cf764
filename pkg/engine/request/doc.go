// Package request is what is asked of the model: the
// headers and the body of a request. It decides nothing about a thread and keeps nothing.
//
// Engine layer; it imports item, models and provider.
package request

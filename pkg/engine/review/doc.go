// Package review is what a review is asked for and what comes of it: the reviewer's
// instructions, the prompt for a target, the answer read, and what is told of it. It starts
// nothing; the turn that reviews is the loop's.
//
// Engine layer; it imports rollout and protocol.
package review

//go:build !unix

package main

import (
	"context"
	"errors"
)

const endMark = "THE-END-MARK"

func (b *bench) terminalWork(context.Context, string, program, string, string, ...string) (figures, error) {
	return figures{}, errors.New("needs a pseudo-terminal")
}

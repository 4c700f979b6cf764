//go:build !darwin

package argv

import (
	"context"
	"errors"
)

// listenForDenials is for Seatbelt, which is not here: its options are not
// accepted.
func listenForDenials(context.Context) (denials, error) {
	return nil, errors.New("only Seatbelt tells what it denies")
}

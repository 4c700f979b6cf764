package probe

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Opcodes of RFC 6455 §5.2.
const (
	opContinue = 0x0
	opText     = 0x1
	opClose    = 0x8
	opPing     = 0x9
	opPong     = 0xA
)

const (
	// maxFrame bounds what one message of a server may take: answers to initialize and
	// notifications about settings have some kilobytes.
	maxFrame = 4 << 20
	// normal is the status of a close frame without complaints.
	normal = 1000
)

// writeFrame sends one whole message. What a client sends is masked.
func writeFrame(w io.Writer, op byte, data []byte) error {
	const final, masked = 0x80, 0x80
	head := []byte{final | op}
	switch n := len(data); {
	case n < 126:
		head = append(head, masked|byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, masked|126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, masked|127), uint64(n))
	}
	var mask [4]byte
	rand.Read(mask[:])
	frame := append(head, mask[:]...)
	for i, b := range data {
		frame = append(frame, b^mask[i%4])
	}
	_, err := w.Write(frame)
	return err
}

// readMessage gives the next text message. It answers pings by way of w, and is io.EOF
// after a close frame.
func readMessage(r *bufio.Reader, w io.Writer) ([]byte, error) {
	var message []byte
	text := false // of a message in several frames
	for {
		op, final, data, err := readFrame(r)
		if err != nil {
			return nil, err
		}
		switch op {
		case opClose:
			return nil, io.EOF
		case opPing:
			if err := writeFrame(w, opPong, data); err != nil {
				return nil, err
			}
			continue
		case opPong:
			continue
		case opContinue:
		default:
			text, message = op == opText, nil
		}
		if len(message)+len(data) > maxFrame {
			return nil, fmt.Errorf("a message of more than %d bytes", maxFrame)
		}
		if message = append(message, data...); final && text {
			return message, nil
		}
	}
}

func readFrame(r *bufio.Reader) (op byte, final bool, data []byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, false, nil, err
	}
	if head[0]&0x70 != 0 || head[1]&0x80 != 0 {
		return 0, false, nil, errors.New("a websocket frame of another kind than agreed on")
	}
	n := uint64(head[1] & 0x7f)
	var long [8]byte
	switch n {
	case 126:
		_, err = io.ReadFull(r, long[6:])
		n = binary.BigEndian.Uint64(long[:])
	case 127:
		_, err = io.ReadFull(r, long[:])
		n = binary.BigEndian.Uint64(long[:])
	}
	if err != nil {
		return 0, false, nil, err
	}
	if n > maxFrame {
		return 0, false, nil, fmt.Errorf("a websocket frame of %d bytes", n)
	}
	data = make([]byte, n)
	_, err = io.ReadFull(r, data)
	return head[0] & 0x0f, head[0]&0x80 != 0, data, err
}

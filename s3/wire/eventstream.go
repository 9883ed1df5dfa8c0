package wire

import (
	"encoding/binary"
	"hash/crc32"
	"strconv"
)

// The event stream of SelectObjectContent is a sequence of messages:
//
//	length of the message      4 bytes, big-endian, all of it
//	length of the headers      4 bytes
//	CRC-32 of these            4 bytes
//	headers                    each: length of the name (1), name, type 7 for text (1), length of the value (2), value
//	payload
//	CRC-32 of all before       4 bytes
//
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html

// EventStreamType is the content type of an event stream.
const EventStreamType = "application/vnd.amazon.eventstream"

// appendMessage writes a message with pairs of header names and values.
func appendMessage(dst []byte, headers []string, payload []byte) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, 12)...)
	for i := 0; i < len(headers); i += 2 {
		name, value := headers[i], headers[i+1]
		value = value[:min(len(value), 1<<15)]
		dst = append(dst, byte(len(name)))
		dst = append(dst, name...)
		dst = append(dst, 7)
		dst = binary.BigEndian.AppendUint16(dst, uint16(len(value)))
		dst = append(dst, value...)
	}
	head := len(dst) - start - 12
	dst = append(dst, payload...)
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start+4))
	binary.BigEndian.PutUint32(dst[start+4:], uint32(head))
	binary.BigEndian.PutUint32(dst[start+8:], crc32.ChecksumIEEE(dst[start:start+8]))
	return binary.BigEndian.AppendUint32(dst, crc32.ChecksumIEEE(dst[start:]))
}

func appendEvent(dst []byte, event, contentType string, payload []byte) []byte {
	headers := make([]string, 0, 6)
	headers = append(headers, ":event-type", event)
	if contentType != "" {
		headers = append(headers, ":content-type", contentType)
	}
	return appendMessage(dst, append(headers, ":message-type", "event"), payload)
}

// AppendRecords writes a Records event.
func AppendRecords(dst, payload []byte) []byte {
	return appendEvent(dst, "Records", "application/octet-stream", payload)
}

// SelectStats are the numbers of Stats and Progress events, in bytes.
type SelectStats struct{ Scanned, Processed, Returned int64 }

// AppendStats writes a Stats event.
func AppendStats(dst []byte, s SelectStats) []byte {
	return appendEvent(dst, "Stats", "text/xml", s.document("Stats"))
}

// AppendProgress writes a Progress event.
func AppendProgress(dst []byte, s SelectStats) []byte {
	return appendEvent(dst, "Progress", "text/xml", s.document("Progress"))
}

func (s SelectStats) document(root string) []byte {
	b := append([]byte(nil), `<?xml version="1.0" encoding="UTF-8"?><`+root+`><BytesScanned>`...)
	b = strconv.AppendInt(b, s.Scanned, 10)
	b = append(b, `</BytesScanned><BytesProcessed>`...)
	b = strconv.AppendInt(b, s.Processed, 10)
	b = append(b, `</BytesProcessed><BytesReturned>`...)
	b = strconv.AppendInt(b, s.Returned, 10)
	return append(b, `</BytesReturned></`+root+`>`...)
}

// AppendCont writes a Cont event, which only keeps the connection alive.
func AppendCont(dst []byte) []byte { return appendEvent(dst, "Cont", "", nil) }

// AppendEndEvent writes the End event, after which nothing comes.
func AppendEndEvent(dst []byte) []byte { return appendEvent(dst, "End", "", nil) }

// AppendEventError writes an error, after which nothing comes.
func AppendEventError(dst []byte, code, message string) []byte {
	return appendMessage(dst, []string{":error-code", code, ":error-message", message, ":message-type", "error"}, nil)
}

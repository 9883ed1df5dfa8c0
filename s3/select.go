package s3

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"myfsio/fault"
	"myfsio/object"
	"myfsio/query"
	"myfsio/s3/wire"
)

// selectContent serves SelectObjectContent. A request in XML is answered with an event stream, one in JSON with the plain
// results, unless it accepts the event stream by name.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_SelectObjectContent.html
func (h *Handler) selectContent(ctx context.Context, r *request) (*response, error) {
	if h.cfg.Select == nil {
		return nil, fault.New(fault.NotImplemented, "This server was built without SQL: SelectObjectContent is not available.")
	}
	if r.header("Range") != "" {
		return nil, query.Errorf("UnsupportedRangeHeader", "Range header is not supported for this operation.")
	}
	doc, err := r.selectDocument()
	if err != nil {
		return nil, err
	}
	q, err := selectQuery(&doc, r.sentJSON())
	if err != nil {
		return nil, err
	}
	q.Now = h.cfg.Now()
	get := object.GetObject{Bucket: r.gate.Bucket, Key: r.gate.Key, VersionID: r.gate.VersionID}
	if get.Customer, err = r.customerKey(); err != nil {
		return nil, err
	}
	rd, err := h.openSeen(ctx, r, get)
	if err != nil {
		return r.unreadable(ctx, rd, err)
	}
	r.record.Size, r.record.VersionID = rd.Version.Size, rd.Version.VersionID
	src := &objectBytes{ctx: ctx, store: h.cfg.Store, get: get, of: rd.Version, rd: rd}
	run, err := h.cfg.Select.Start(ctx, q, src)
	if err != nil {
		src.Close()
		return nil, err
	}
	res := r.answer()
	s := &selection{r: r, run: run, src: src, progress: doc.RequestProgress.Enabled, plain: r.sentJSON() && !r.accepts(wire.EventStreamType)}
	res.set("Content-Type", s.contentType(q.Out.Format))
	res.produce = s.send
	return res, nil
}

// selectDocument reads the body.
func (r *request) selectDocument() (doc wire.Select, err error) {
	body, _, err := r.document(wire.MaxDocument)
	switch {
	case err != nil:
		return doc, err
	case len(body) == 0:
		return doc, query.Errorf("EmptyRequestBody", "Request body cannot be empty.")
	case r.sentJSON():
		return wire.ParseSelectJSON(body)
	}
	return wire.ParseSelectXML(body)
}

// accepts reports whether the client accepts a content type by name.
func (r *request) accepts(mime string) bool {
	for _, v := range r.http.Header["Accept"] {
		for m := range strings.SplitSeq(v, ",") {
			m, _, _ = strings.Cut(m, ";")
			if strings.EqualFold(strings.TrimSpace(m), mime) {
				return true
			}
		}
	}
	return false
}

// selectQuery is the query that a document asks for. A request in JSON may leave quoted record delimiters to the server,
// which then takes them, as the first version of MyFSIO did.
func selectQuery(doc *wire.Select, sentJSON bool) (q query.Query, err error) {
	q.Expression = doc.Expression
	if !strings.EqualFold(doc.ExpressionType, "SQL") {
		if doc.ExpressionType == "" && !sentJSON {
			return q, missing("ExpressionType")
		}
		if doc.ExpressionType != "" {
			return q, query.Errorf("InvalidExpressionType", "The ExpressionType is not valid. Only SQL expressions are supported.")
		}
	}
	if q.In, err = selectInput(&doc.Input); err != nil {
		return q, err
	}
	if q.Out, err = selectOutput(&doc.Output); err != nil {
		return q, err
	}
	if s := doc.ScanRange; s != nil {
		if q.Scan, err = selectRange(s); err != nil {
			return q, err
		}
	}
	q.In.QuotedText = sentJSON
	if c := doc.Input.CSV; sentJSON && c != nil && c.AllowQuotedRecordDelimiter == nil {
		q.In.CSV.QuotedRecords = q.Scan == nil
	}
	return q, q.Complete()
}

func selectRange(s *wire.SelectRange) (*query.Scan, error) {
	scan := &query.Scan{Start: -1, End: -1}
	for _, b := range []struct {
		from *int64
		to   *int64
	}{{s.Start, &scan.Start}, {s.End, &scan.End}} {
		if b.from == nil {
			continue
		}
		if *b.from < 0 {
			return nil, query.Errorf("InvalidScanRange", "The scan range is not valid: its bounds are not negative.")
		}
		*b.to = *b.from
	}
	return scan, nil
}

func missing(name string) error {
	return query.Errorf("MissingRequiredParameter", "The SelectRequest entity is missing a required parameter: %s.", name)
}

// selectInput reads an InputSerialization.
func selectInput(in *wire.SelectInput) (out query.Input, err error) {
	switch strings.ToUpper(in.CompressionType) {
	case "", "NONE":
	case "GZIP":
		out.Compression = query.Gzip
	case "BZIP2":
		out.Compression = query.Bzip2
	default:
		return out, query.Errorf("InvalidCompressionFormat", "The file is not in a supported compression format. Only GZIP and BZIP2 are supported.")
	}
	given := 0
	if in.Parquet != nil {
		given++
		out.Format = query.Parquet
	}
	if in.JSON != nil {
		given++
		out.Format = query.JSON
		switch strings.ToUpper(in.JSON.Type) {
		case "DOCUMENT":
			out.Document = true
		case "LINES":
		default:
			return out, query.Errorf("InvalidJsonType", "The JsonType is not valid. Only DOCUMENT and LINES are supported.")
		}
	}
	if c := in.CSV; c != nil {
		given++
		out.Format = query.CSV
		header, ok := map[string]query.Header{"": query.NoHeader, "NONE": query.NoHeader, "IGNORE": query.IgnoreHeader, "USE": query.UseHeader}[strings.ToUpper(c.FileHeaderInfo)]
		if !ok {
			return out, query.Errorf("InvalidFileHeaderInfo", "The FileHeaderInfo is not valid. Only NONE, USE, and IGNORE are supported.")
		}
		out.CSV = query.CSVInput{Header: header, Field: c.FieldDelimiter, Record: c.RecordDelimiter, Quote: c.QuoteCharacter,
			Escape: c.QuoteEscapeCharacter, Comment: c.Comments, QuotedRecords: c.AllowQuotedRecordDelimiter != nil && *c.AllowQuotedRecordDelimiter}
	}
	switch {
	case given == 0:
		return out, missing("InputSerialization")
	case given > 1:
		return out, query.Errorf("ObjectSerializationConflict", "InputSerialization specifies more than one format (CSV, JSON, or Parquet).")
	}
	return out, nil
}

// selectOutput reads an OutputSerialization.
func selectOutput(in *wire.SelectOutput) (out query.Output, err error) {
	switch {
	case in.CSV == nil && in.JSON == nil:
		return out, missing("OutputSerialization")
	case in.CSV != nil && in.JSON != nil:
		return out, query.Errorf("ObjectSerializationConflict", "OutputSerialization specifies more than one format (CSV or JSON).")
	case in.JSON != nil:
		return query.Output{Format: query.JSON, Record: in.JSON.RecordDelimiter}, nil
	}
	c := in.CSV
	out = query.Output{Format: query.CSV, Record: c.RecordDelimiter, Field: c.FieldDelimiter, Quote: c.QuoteCharacter, Escape: c.QuoteEscapeCharacter}
	switch strings.ToUpper(c.QuoteFields) {
	case "", "ASNEEDED":
	case "ALWAYS":
		out.Always = true
	default:
		return out, query.Errorf("InvalidQuoteFields", "The QuoteFields is not valid. Only ALWAYS and ASNEEDED are supported.")
	}
	return out, nil
}

// selection is a query whose results are on their way to the client.
type selection struct {
	r        *request
	run      *query.Run
	src      *objectBytes
	progress bool // Progress events are asked for
	plain    bool // no event stream
}

func (s *selection) contentType(f query.Format) string {
	switch {
	case !s.plain:
		return wire.EventStreamType
	case f == query.CSV:
		return "text/csv; charset=utf-8"
	}
	return "application/x-ndjson"
}

// stalled is how long a client may take nothing of the results before its query is given up, so that it does not keep others
// from theirs.
const stalled = time.Minute

// send writes the results. An error in their midst is an event; in plain results it cuts the connection.
func (s *selection) send(w io.Writer) (sent int64, err error) {
	defer s.src.Close()
	defer s.run.Close()
	conn := s.r.controller()
	defer conn.SetWriteDeadline(time.Time{})
	var buf []byte
	for {
		ev, err := s.run.Next()
		if err == io.EOF {
			return sent, nil
		}
		if err != nil && (s.plain || s.r.http.Context().Err() != nil) {
			return sent, err // nobody is there to read an event, or it would be taken for a result
		}
		buf = s.event(buf[:0], ev, err)
		conn.SetWriteDeadline(time.Now().Add(stalled))
		n, werr := w.Write(buf)
		if sent += int64(n); werr != nil || err != nil {
			return sent, werr
		}
		conn.Flush() // where the server cannot, the bytes go out later
	}
}

// event writes one event.
func (s *selection) event(b []byte, ev query.Event, err error) []byte {
	stats := wire.SelectStats(ev.Stats)
	switch {
	case err != nil:
		p := problemOf(err)
		s.r.record.Code = p.code
		if p.status >= http.StatusInternalServerError {
			s.r.h.cfg.Log.Error("query failed", "request", s.r.gate.ID, "bucket", s.r.gate.Bucket, "key", s.r.gate.Key, "err", err)
		}
		return wire.AppendEventError(b, p.code, p.msg)
	case s.plain:
		return append(b, ev.Data...)
	case ev.Kind == query.Records:
		return wire.AppendRecords(b, ev.Data)
	case ev.Kind == query.End:
		if s.progress {
			b = wire.AppendProgress(b, stats)
		}
		return wire.AppendEndEvent(wire.AppendStats(b, stats))
	case s.progress:
		return wire.AppendProgress(b, stats)
	}
	return wire.AppendCont(b)
}

// objectBytes gives the bytes of one version from any place. Reading on where it stopped costs nothing more.
type objectBytes struct {
	ctx   context.Context
	store *object.Store
	get   object.GetObject
	of    object.Version
	rd    *object.Reader // nil: none is open
	pos   int64          // of rd
}

// Size implements query.Source.
func (o *objectBytes) Size() int64 { return o.of.Size }

// ReadAt implements io.ReaderAt.
func (o *objectBytes) ReadAt(p []byte, off int64) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if o.rd == nil || o.pos != off {
		if err := o.seek(off); err != nil {
			return 0, err
		}
	}
	n, err := io.ReadFull(o.rd, p)
	o.pos += int64(n)
	return n, err
}

// seek opens the same version from off on.
func (o *objectBytes) seek(off int64) error {
	o.Close()
	get := o.get
	get.Range = &object.Range{First: off, Last: o.of.Size - 1}
	rd, err := o.store.Open(o.ctx, get)
	if err != nil {
		return err
	}
	if rd.Version.Stamp != o.of.Stamp {
		rd.Close()
		return errReplaced()
	}
	o.rd, o.pos = rd, off
	return nil
}

// Close releases the bytes.
func (o *objectBytes) Close() error {
	if o.rd == nil {
		return nil
	}
	err := o.rd.Close()
	o.rd = nil
	return err
}

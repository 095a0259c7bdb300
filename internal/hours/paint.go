package hours

// piece is a stretch of a day for which one thing holds, in minutes of the
// wall clock from the day's midnight; to may reach into the next day. Lists of
// pieces are sorted and do not overlap. Where there is no piece it is closed;
// a closed piece says so expressly and also ends what began the day before.
type piece struct {
	from, to int32
	mode     mode
	rule     int16 // which rule it comes from
	reason   string
	note     string
}

func (p piece) says(o piece) bool {
	return p.mode == o.mode && p.reason == o.reason && p.note == o.note
}

// paint puts p on top of the list.
func paint(list []piece, p piece) []piece {
	if p.from >= p.to {
		return list
	}
	if n := len(list); n == 0 || list[n-1].to <= p.from {
		return join(list, p)
	}
	var room [24]piece
	old := append(room[:0], list...)
	list = list[:0]
	placed := false
	for _, o := range old {
		if o.to <= p.from {
			list = join(list, o)
			continue
		}
		if o.from < p.from {
			head := o
			head.to = p.from
			list = join(list, head)
		}
		if !placed {
			list = join(list, p)
			placed = true
		}
		if o.to > p.to {
			o.from = max(o.from, p.to)
			list = join(list, o)
		}
	}
	if !placed {
		list = join(list, p)
	}
	return list
}

// paintUnder puts p only where the list is closed.
func paintUnder(list []piece, p piece) []piece {
	var room [24]piece
	old := append(room[:0], list...)
	list = paint(list[:0], p)
	for _, o := range old {
		if o.mode != closed {
			list = paint(list, o)
		}
	}
	return list
}

// join appends p, as one with the last piece where they touch and say the same.
func join(list []piece, p piece) []piece {
	if n := len(list); n > 0 && list[n-1].to == p.from && list[n-1].says(p) {
		list[n-1].to = p.to
		return list
	}
	return append(list, p)
}

// paintSpan puts a span on top, its open end included.
func paintSpan(list []piece, s Span, m mode, note string) []piece {
	for _, p := range spanPieces(s, m, note) {
		list = paint(list, p)
	}
	return list
}

// spanPieces is the certain part of a span and its open end.
func spanPieces(s Span, m mode, note string) [2]piece {
	sure := piece{from: int32(s.From), to: int32(s.To), mode: m, note: note}
	switch {
	case s.ByAppointment || m == unknown && note == appointmentNote:
		sure.mode, sure.reason, sure.note = unknown, ReasonByAppointment, note
	case m == unknown:
		sure.reason = ReasonComment
	}
	end := piece{from: int32(s.To), to: int32(s.To), mode: unknown, reason: ReasonOpenEnd, note: note}
	if s.OpenEnd && m != closed {
		end.to = int32(s.end())
	}
	return [2]piece{sure, end}
}

// begins is what the rules let begin on day n, written into list.
func (p *plan) begins(n day, list []piece) []piece {
	var room [4]assumption
	ways := p.assumptions(n, room[:0])
	list = p.beginsIf(n, list, ways[0])
	for _, a := range ways[1:] {
		list = blend(list, p.beginsIf(n, nil, a))
	}
	return list
}

func (p *plan) beginsIf(n day, list []piece, a assumption) []piece {
	if p.weekly {
		return append(list, p.usual[n.weekday()]...)
	}
	return p.byRules(n, list, a)
}

func (p *plan) byRules(n day, list []piece, a assumption) []piece {
	for i := range p.rules {
		r := &p.rules[i]
		if !r.matches(n, a) {
			continue
		}
		whole := len(r.times) == 0
		if p.replaces(i) {
			list = list[:0]
		}
		if whole && r.mode == closed && r.join != '|' {
			list = list[:0]
			continue
		}
		if whole {
			list = r.put(list, i, spanPieces(Span{From: 0, To: minutesPerDay}, r.mode, r.note))
		}
		for _, o := range r.times {
			list = r.put(list, i, p.pieces(n, o, r.mode, r.note))
		}
	}
	return list
}

func (r *rule) put(list []piece, index int, pieces [2]piece) []piece {
	for _, p := range pieces {
		p.rule = int16(index)
		if r.join == '|' {
			list = paintUnder(list, p)
		} else {
			list = paint(list, p)
		}
	}
	return list
}

// replaces reports whether rule i takes the place of all rules before it on the
// days it names. One that names no day does so only after another such: by the
// intention of "Mo-Fr 08:00-12:00; 14:00-18:00" the second half is added, and
// the reference evaluator reads it that way too.
func (p *plan) replaces(i int) bool {
	r := &p.rules[i]
	return r.join == ';' && r.mode != closed && (i == 0 || r.dated() || !p.rules[i-1].dated())
}

// cutter is the last rule that takes the place of earlier ones on day n, or -1.
// By the specification it does so from midnight on: a night that an earlier
// rule began the evening before ends there ("Fr 20:00-04:00; Sa 10:00-14:00").
// Rules that close a day do not; who is closed on Sunday still serves the
// guests of Saturday night.
func (p *plan) cutter(n day, a assumption) int {
	for i := len(p.rules) - 1; i > 0; i-- {
		if p.replaces(i) && p.rules[i].matches(n, a) {
			return i
		}
	}
	return -1
}

// onSpecial is the special day that applies to n, or nil.
func (p *plan) onSpecial(n day) *special {
	var best *special
	for i := range p.special {
		s := &p.special[i]
		if s.from > n {
			break
		}
		if s.to < n {
			continue
		}
		if best == nil || s.Closed() && !best.Closed() ||
			s.Closed() == best.Closed() && s.to-s.from <= best.to-best.from {
			best = s
		}
	}
	return best
}

// starts is everything that begins on day n, special days regarded.
func (p *plan) starts(n day, list []piece, a assumption) []piece {
	if s := p.onSpecial(n); s != nil {
		for _, piece := range s.pieces {
			piece.note = s.Reason
			if piece.reason == "" {
				piece.reason = ReasonSpecial
			}
			list = append(list, piece)
		}
		return list
	}
	return p.beginsIf(n, list, a)
}

// dayLine is what holds during a day.
type dayLine struct {
	n      day
	pieces []piece
}

// line is what holds during day n, in pieces within [0, 1440): what begins on
// it, on top of what the day before left over. Most questions are about few
// days, so the last answers are kept.
func (p *plan) line(n day) []piece {
	if p.weekly && len(p.special) == 0 {
		return p.lines[n.weekday()]
	}
	slot := &p.days[uint32(n)%uint32(len(p.days))]
	if l := slot.Load(); l != nil && l.n == n {
		return l.pieces
	}
	var room [4]assumption
	ways := p.assumptions(n, room[:0])
	l := &dayLine{n: n, pieces: p.lineIf(n, ways[0])}
	for _, a := range ways[1:] {
		l.pieces = blend(l.pieces, p.lineIf(n, a))
	}
	slot.Store(l)
	return l.pieces
}

func (p *plan) lineIf(n day, a assumption) []piece {
	var room, room2 [24]piece
	today := p.starts(n, room[:0], a)
	before := p.starts(n-1, room2[:0], a)
	cut := -1
	if s := p.onSpecial(n); s == nil && !p.weekly {
		cut = p.cutter(n, a)
	} else if s != nil && s.CutsNight && s.from == n {
		cut = len(p.rules) + 1
	}
	return overlay(nil, before, today, cut)
}

// overlay puts what begins today on top of what the rules from cut on have
// left over from the day before.
func overlay(list, before, today []piece, cut int) []piece {
	for _, p := range before {
		if p.to > minutesPerDay && p.mode != closed && int(p.rule) >= cut {
			p.from, p.to = max(p.from-minutesPerDay, 0), p.to-minutesPerDay
			list = join(list, p)
		}
	}
	for _, p := range today {
		if p.from >= minutesPerDay {
			continue
		}
		p.to = min(p.to, minutesPerDay)
		if p.mode == unknown {
			list = paintUnder(list, p)
		} else {
			list = paint(list, p)
		}
	}
	keep := list[:0]
	for _, p := range list {
		if p.mode != closed {
			keep = append(keep, p)
		}
	}
	return keep
}

// compileDoubt makes every day doubtful, for a schedule of which at most the
// special days are known.
func (p *plan) compileDoubt() {
	p.weekly, p.constant = true, true
	for wd := range 7 {
		p.usual[wd] = []piece{{from: 0, to: minutesPerDay, mode: unknown, reason: p.doubt()}}
		p.lines[wd] = p.usual[wd]
	}
}

// compile finds out what repeats every week and prepares it.
func (p *plan) compile() {
	p.weekly = true
	for i := range p.rules {
		r := &p.rules[i]
		p.holy = p.holy || len(r.holidays) > 0
		p.sunny = p.sunny || r.sunny()
		p.weekly = p.weekly && r.weekly() && !p.heeds(r)
	}
	if !p.weekly {
		return
	}
	const monday = day(4) // 1970-01-05
	plain := assumption{p: p}
	for wd := range 7 {
		p.usual[wd] = trim(p.byRules(monday+day(wd), nil, plain), p.cutter(monday+day(wd+1), plain))
	}
	p.constant = true
	for wd := range 7 {
		p.lines[wd] = overlay(nil, p.usual[(wd+6)%7], p.usual[wd], -1)
		l := p.lines[wd]
		whole := len(l) == 1 && l[0].from == 0 && l[0].to == minutesPerDay
		same := len(l) == len(p.lines[0]) && (len(l) == 0 || whole && l[0].says(p.lines[0][0]))
		p.constant = p.constant && same
	}
}

// heeds reports whether holidays can make a difference to the rule.
func (p *plan) heeds(r *rule) bool {
	for _, h := range r.holidays {
		if h.school || p.calendar != nil {
			return true
		}
	}
	return false
}

// trim cuts at midnight what rules before cut began, and forgets which rule a
// piece came from.
func trim(list []piece, cut int) []piece {
	var kept []piece
	for _, p := range list {
		if int(p.rule) < cut {
			p.to = min(p.to, minutesPerDay)
		}
		p.rule = 0
		if p.from < p.to {
			kept = join(kept, p)
		}
	}
	return kept
}

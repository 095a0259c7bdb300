package payment

import "strconv"

// Idempotency keys name the installation, what is done, the row that asks for
// it, and how often a key of that row was burnt.

// RefundKey is the key of giving money back.
func RefundKey(install, refund string, gen int) Key { return key(install, "rf", refund, gen) }

// SessionKey is the key of opening the page of a payment.
func SessionKey(install, payment string, gen int) Key { return key(install, "cs", payment, gen) }

// ExpireKey is the key of closing the page of a payment.
func ExpireKey(install, payment string, gen int) Key { return key(install, "ex", payment, gen) }

// CaptureKey is the key of taking an authorised payment.
func CaptureKey(install, payment string, gen int) Key { return key(install, "cap", payment, gen) }

// VoidKey is the key of letting an authorised payment go.
func VoidKey(install, payment string, gen int) Key { return key(install, "vo", payment, gen) }

// AnswerKey is the key of answering a dispute.
func AnswerKey(install, dispute string, gen int) Key { return key(install, "ds", dispute, gen) }

// AccountKey is the key of opening an account for a payout row.
func AccountKey(install, row string, gen int) Key { return key(install, "ac", row, gen) }

// LinkKey is the key of a single-use link; nonce is new at every click.
func LinkKey(install, nonce string) Key { return key(install, "ln", nonce, 0) }

func key(install, what, row string, gen int) Key {
	return Key("bn1:" + install + ":" + what + ":" + row + ":" + strconv.Itoa(gen))
}

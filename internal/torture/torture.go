// Package torture holds no code of the product: its tests start the real
// programs, nearby and stripesandbox, and kill, drop and race them.
//
// Without more, the suite takes about two minutes. NEARBY_TORTURE=1 makes it
// five times as long, -short a good deal shorter.
package torture

package likeness

// The weights of the features were found by logistic regression over the even
// rows of the hand-labelled pairs (of the file as it stands, from row
// 0), with an L2 penalty of 0.0005; the odd rows were left for the test. They
// are log-odds, so each says by itself how much a field speaks for or against.
const bias = -3.53

var weights = [features]float64{
	nameShort: 2.31, nameLong: 0.57, nameLetters: 0.29, nameEqual: 1.20,
	phoneSame: 2.17, phoneDiffers: -0.20,
	siteSame: 0.40, siteDiffers: -1.00, pageDiffers: -2.22,
	streetSame: 0.61, streetDiffers: -1.98, numberSame: 0.71, numberDiffers: -2.12, unitDiffers: -0.59,
	postcodeSame: 0.36, postcodeDiffers: -1.26,
	placeOther: -1.94, partOnly: -2.83, nameNumber: -3.22, chain: 1.22, squeezed: 1.42, unknown: 0.25, cityDiffers: -1.11,
}

// The pairs have neither pins nor accounts. These weights are set by hand, so
// that a pin decides where the rest is in doubt and nowhere else.
const (
	pinNear    = 0.7 // within Near
	pinFar     = 1.0 // against, from 2 km
	payoutSame = 1.5
)

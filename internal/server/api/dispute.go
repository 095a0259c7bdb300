package api

import (
	"context"
	"net/http"
	"time"

	"nearby/internal/account"
	"nearby/internal/order"
)

func (a *api) disputes() {
	const tag = "Counter"
	add(a, operation{
		id: "list-order-disputes", method: http.MethodGet, path: "/orders/{order_id}/disputes", tag: tag, who: holder, scope: "orders:read", limit: "token",
		summary: "What the shopper's bank asks back of an order, newest first",
	}, a.orderDisputes)
	add(a, operation{
		id: "answer-dispute", method: http.MethodPost, path: "/orders/{order_id}/disputes/{dispute_id}/answer", tag: tag, who: holder, scope: "orders:write",
		limit: "token", repeat: apart, summary: "Answer a dispute",
		about: "Your words go to the bank with what is known of the order: lines, receipt, history, the proof of handing over by code, and the terms. " +
			"It can be done once, until answer_by: 409 not_answerable afterwards. The bank's decision follows in some weeks.",
		example: map[string]any{"words": "The shopper collected the order herself and said the code."},
	}, a.answerDispute)
}

// Dispute is a shopper's bank asking for money of an order back.
type Dispute struct {
	ID         string     `json:"id"`
	State      string     `json:"state" doc:"inquiry (the bank only asks), needs_response, under_review, won, lost or closed."`
	Reason     string     `json:"reason" doc:"The bank's: fraudulent, product_not_received, …"`
	Amount     Amount     `json:"amount"`
	Taken      Amount     `json:"taken" doc:"Out of the business's balance now, in the account's currency."`
	Fee        Amount     `json:"fee" doc:"The provider's, in the account's currency."`
	OpenedAt   time.Time  `json:"opened_at"`
	AnswerBy   *time.Time `json:"answer_by" doc:"Until when it can be answered; null when it cannot."`
	AnsweredAt *time.Time `json:"answered_at"`
}

func disputeView(d order.Dispute) Dispute {
	v := Dispute{
		ID: d.ID, State: string(d.State), Reason: d.Reason, Amount: amount(d.Amount), Taken: amount(d.Taken.Sub(d.Back)), Fee: amount(d.Fee),
		OpenedAt: d.OpenedAt.UTC(), AnsweredAt: momentOf(d.SubmittedAt),
	}
	if d.CanAnswer {
		v.AnswerBy = momentOf(d.DueBy)
	}
	return v
}

func (a *api) orderDisputes(ctx context.Context, c *caller, in *OrderPath) (answer[List[Dispute]], error) {
	if _, err := a.house(ctx, c, in.OrderID); err != nil {
		return answer[List[Dispute]]{}, err
	}
	found, err := a.Order.Disputes(ctx, in.OrderID)
	return listOf(each(found, disputeView), ""), err
}

type answerDisputeInput struct {
	OrderPath
	DisputeID string `path:"dispute_id" maxLength:"100"`
	Body      struct {
		Words string `json:"words" minLength:"10" maxLength:"5000" doc:"What the business knows; it may have several lines."`
	}
}

func (a *api) answerDispute(ctx context.Context, c *caller, in *answerDisputeInput) (answer[Dispute], error) {
	businessID, err := a.house(ctx, c, in.OrderID)
	if err != nil {
		return answer[Dispute]{}, err
	}
	d, err := a.Order.AnswerDispute(ctx, c.as(account.Owner), businessID, in.OrderID, in.DisputeID, in.Body.Words)
	return answer[Dispute]{Body: disputeView(d)}, err
}

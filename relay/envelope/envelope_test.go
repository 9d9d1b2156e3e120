package envelope

import "testing"

func TestTwoWhoShareACopyAreToldWhatEitherWantsToKnow(t *testing.T) {
	usual, never := Notify{}, Notify{Never: true}
	success, failure := Notify{Success: true}, Notify{Failure: true}
	for _, tt := range []struct{ a, b, want Notify }{
		{never, never, never},
		{never, usual, usual},
		{never, success, success},
		{usual, usual, usual},
		{success, failure, Notify{Success: true, Failure: true}},
		{success, usual, Notify{Success: true, Failure: true, Delay: true}},
		{failure, Notify{Delay: true}, Notify{Failure: true, Delay: true}},
	} {
		if got, turned := tt.a.Or(tt.b), tt.b.Or(tt.a); got != tt.want || turned != tt.want {
			t.Errorf("%+v or %+v: %+v, turned round %+v, want %+v", tt.a, tt.b, got, turned, tt.want)
		}
	}
}

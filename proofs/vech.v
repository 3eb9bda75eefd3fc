(** * The duplication matrix

    The free entries of a symmetric matrix are those with i ≥ j, its vech.  The spurious
    2S − diag(S) is the gradient with respect to them: right when it is paired with vech E, and
    with vech E alone. *)

From mathcomp Require Import all_ssreflect all_algebra.
From Symgrad Require Import contraction conventions.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory.
Local Open Scope ring_scope.

Section Vech.

Variables (R : comRingType) (n : nat).
Implicit Types S E : 'M[R]_n.

(** The free entries: the pairs (i, j) with i ≥ j. *)
Definition entry := {p : 'I_n * 'I_n | (p.2 <= p.1)%N}.
Implicit Type p : entry.

Definition row_of p := (val p).1.
Definition col_of p := (val p).2.

(** vech E: the entries of E on and below the diagonal. *)
Definition vech E p : R := E (row_of p) (col_of p).

(** The duplication matrix D: its column p marks where the p-th free entry stands in a matrix. *)
Definition duplication (i j : 'I_n) p : R := (((i, j) == val p) || ((j, i) == val p))%:R.

Lemma duplication_sym i j p : duplication i j p = duplication j i p.
Proof. by rewrite /duplication orbC. Qed.

(** Column p of D is the p-th basis direction. *)
Lemma duplication_direction i j p : duplication i j p = direction R (row_of p) (col_of p) i j.
Proof.
case: p => [[k l] le_lk]; rewrite /duplication /direction /row_of /col_of /= !xpair_eqE.
have [<- | ne_kl] := eqVneq k l; first by rewrite !mxE [(j == k) && _]andbC orbb.
rewrite !mxE [(j == k) && _]andbC; case: (i =P k) => [-> | _] /=; last by rewrite add0r.
by rewrite (negPf ne_kl) orbF addr0.
Qed.

(** vec E = D vech E for every symmetric E. *)
Theorem duplication_vech E i j : E^T = E -> E i j = \sum_p duplication i j p * vech E p.
Proof.
move=> symE; wlog le_ji : i j / (j <= i)%N.
  move=> below; have [/below // | lt_ij] := leqP j i.
  by rewrite -symE mxE below ?(ltnW lt_ij) //; apply: eq_bigr => p _; rewrite duplication_sym symE.
rewrite (bigD1 (exist _ (i, j) le_ji : entry)) //= /duplication eqxx mul1r big1 ?addr0 // => p.
case: p => [[k l] /= le_lk]; rewrite -val_eqE /= !xpair_eqE => ne.
have -> : (i == k) && (j == l) = false by apply: contraNF ne => /andP[/eqP-> /eqP->]; rewrite !eqxx.
case: andP => [[/eqP eq_jk /eqP eq_il] | _]; last by rewrite mul0r.
have eq_ij : i = j by apply/val_inj/eqP; rewrite eqn_leq le_ji eq_il eq_jk le_lk.
by case/negP: ne; rewrite -eq_jk -eq_il eq_ij !eqxx.
Qed.

(** So vech E are the coordinates of E in the basis of the symmetric matrices. *)
Lemma vech_expansion E :
  E^T = E -> E = \sum_p vech E p *: direction R (row_of p) (col_of p).
Proof.
move=> symE; apply/matrixP=> i j; rewrite duplication_vech // summxE.
by apply: eq_bigr => p _; rewrite mxE -duplication_direction mulrC.
Qed.

(** ∂f/∂x_p for the p-th free entry is the p-th entry of vech(2S − diag S). *)
Theorem vech_partial S p :
  S^T = S -> ⟨S, direction R (row_of p) (col_of p)⟩ = vech (spurious S) p.
Proof.
move=> symS; rewrite frob_direction /vech /spurious mulr2n !mxE.
case: eqP => [-> | _]; first by rewrite addrK.
by have -> : S (col_of p) (row_of p) = S (row_of p) (col_of p); rewrite ?subr0 // -{1}symS mxE.
Qed.

(** Dᵀ vec S = vech(2S − diag S). *)
Theorem duplication_spurious S p :
  S^T = S -> \sum_i \sum_j duplication i j p * S i j = vech (spurious S) p.
Proof.
move=> symS; rewrite -vech_partial // frobC.
by do 2!apply: eq_bigr => ? _; rewrite duplication_direction.
Qed.

(** Paired with vech E, 2S − diag(S) gives the derivative: Σ_p vech(2S − diag S)_p vech(E)_p is
    ⟨S, E⟩. *)
Theorem vech_pairing S E :
  S^T = S -> E^T = E -> \sum_p vech (spurious S) p * vech E p = ⟨S, E⟩.
Proof.
move=> symS symE; rewrite [E in RHS]vech_expansion // frob_sumr.
by apply: eq_bigr => p _; rewrite frobZr vech_partial // mulrC.
Qed.

End Vech.

(** * The contraction theorem for Hermitian matrices, with both conjugations

    Over every closed field with a conjugation (the complex numbers, and the algebraic ones).  A
    gradient G of a real function is paired with a Hermitian direction E as Re tr(Gᴴ E), if it is
    ∂f/∂Re + i ∂f/∂Im, or as Re tr(Gᵀ E), if it is the conjugate of that. *)

From mathcomp Require Import all_ssreflect all_algebra.
From Symgrad Require Import contraction.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Hermitian.

Variables (C : numClosedFieldType) (n : nat).
Implicit Types (S G K E : 'M[C]_n) (a b : C).

(** The conjugate, entry by entry, and the conjugate transpose. *)
Definition conj_mx G : 'M[C]_n := map_mx conjC G.
Definition adjoint G : 'M[C]_n := conj_mx G^T.

(** Re tr(Gᴴ E) = Re Σ_ij conj(G_ij) E_ij. *)
Definition pairing G E : C := 'Re ⟨conj_mx G, E⟩.

(** G is as good as S on the Hermitian directions, and the same for the other conjugation. *)
Definition hvalid S G := forall E, adjoint E = E -> pairing G E = pairing S E.
Definition hvalid_conj S G := forall E, adjoint E = E -> pairing (conj_mx G) E = pairing S E.

Lemma conj_mxK G : conj_mx (conj_mx G) = G.
Proof. by apply/matrixP=> i j; rewrite !mxE conjCK. Qed.

Lemma adjointE G i j : adjoint G i j = (G j i)^*.
Proof. by rewrite !mxE. Qed.

Lemma conj_mxB G H : conj_mx (G - H) = conj_mx G - conj_mx H.
Proof. by apply/matrixP=> i j; rewrite !mxE rmorphB. Qed.

Lemma adjointK G : adjoint (adjoint G) = G.
Proof. by apply/matrixP=> i j; rewrite !mxE conjCK. Qed.

Lemma pairingBl G H E : pairing (G - H) E = pairing G E - pairing H E.
Proof. by rewrite /pairing conj_mxB frobBl raddfB. Qed.

Lemma conj_frob G E : ⟨G, E⟩^* = ⟨conj_mx G, conj_mx E⟩.
Proof.
rewrite /frob rmorph_sum; apply: eq_bigr => i _; rewrite rmorph_sum.
by apply: eq_bigr => j _; rewrite rmorphM !mxE.
Qed.

(** Twice the pairing with a Hermitian E is ⟨G*, E⟩ + ⟨Gᵀ, E⟩ = ⟨(G + Gᴴ)*, E⟩. *)
Lemma pairing_hermitian G E :
  adjoint E = E -> pairing G E * 2%:R = ⟨conj_mx (G + adjoint G), E⟩.
Proof.
move=> hermE; rewrite /pairing ReE divfK ?pnatr_eq0 // conj_frob conj_mxK.
rewrite -[conj_mx E]trmxK -[(conj_mx E)^T]/((map_mx conjC E)^T) map_trmx -/(conj_mx _) -/(adjoint E).
rewrite hermE -[G]trmxK frob_tr trmxK -frobDl; congr ⟨_, E⟩.
by apply/matrixP=> i j; rewrite !mxE rmorphD /= conjCK.
Qed.

(** The matrices E_ij + E_ji and i(E_ij − E_ji), which with E_ii are a basis. *)
Lemma real_direction i j : adjoint (delta_mx i j + delta_mx j i) = delta_mx i j + delta_mx j i.
Proof.
apply/matrixP=> k l; rewrite adjointE !mxE rmorphD /= !conjC_nat addrC.
by rewrite [(l == j) && _]andbC [(l == i) && _]andbC.
Qed.

Lemma imaginary_direction i j :
  adjoint ('i *: (delta_mx i j - delta_mx j i)) = 'i *: (delta_mx i j - delta_mx j i).
Proof.
apply/matrixP=> k l; rewrite adjointE !mxE rmorphM rmorphB /= conjCi !conjC_nat mulNr -mulrN opprB.
by rewrite [(l == j) && _]andbC [(l == i) && _]andbC.
Qed.

(** A Hermitian direction does not see a skew-Hermitian matrix, and that alone it does not see. *)
Theorem hermitian_unseen K :
  adjoint K = - K <-> forall E, adjoint E = E -> pairing K E = 0.
Proof.
split=> [skewK E hermE | unseen].
  have two : 2%:R != 0 :> C by rewrite pnatr_eq0.
  apply: (mulIf two); rewrite pairing_hermitian // skewK subrr mul0r.
  by rewrite /frob big1 // => i _; rewrite big1 // => j _; rewrite !mxE conjC0 mul0r.
pose M := conj_mx (K + adjoint K).
have zero E : adjoint E = E -> ⟨M, E⟩ = 0.
  by move=> hermE; rewrite -pairing_hermitian // unseen // mul0r.
have M0 : M = 0.
  apply/matrixP=> i j; rewrite [RHS]mxE.
  have := zero _ (real_direction i j); rewrite frobDr !frob_delta => sum0.
  have := zero _ (imaginary_direction i j); rewrite frobZr frobBr !frob_delta => /eqP.
  rewrite mulf_eq0 (negPf (neq0Ci C)) subr_eq0 => /eqP eqM; move: sum0; rewrite -eqM -mulr2n.
  by move/eqP; rewrite mulrn_eq0 => /eqP.
have : K + adjoint K = 0 by rewrite -[LHS]conj_mxK -/M M0; apply/matrixP=> i j; rewrite !mxE conjC0.
by move/eqP; rewrite addrC addr_eq0 => /eqP.
Qed.

(** The contraction theorem: the valid gradients are S + skew-Hermitian. *)
Theorem hermitian_contraction S G : hvalid S G <-> adjoint (G - S) = - (G - S).
Proof.
rewrite hermitian_unseen; split=> [vG E hermE | unseen E hermE].
  by rewrite pairingBl vG // subrr.
by apply/subr0_eq; rewrite -pairingBl unseen.
Qed.

(** For a Hermitian S: G is valid exactly if its Hermitian part (G + Gᴴ)/2 is S. *)
Theorem hermitian_part S G : adjoint S = S -> hvalid S G <-> G + adjoint G = S + S.
Proof.
move=> hermS; rewrite hermitian_contraction.
have -> : adjoint (G - S) = adjoint G - S.
  by rewrite -{2}hermS; apply/matrixP=> i j; rewrite !mxE rmorphB.
rewrite opprB; split=> [eqGS | eqGS].
  by rewrite -[adjoint G](subrK S) eqGS addrA [G + _]addrC subrK.
by apply/eqP; rewrite subr_eq addrAC -eqGS addrC addKr.
Qed.

(** With the other conjugation it is (G + Gᴴ)/2 = S*: what is reported is S* + skew-Hermitian. *)
Theorem hermitian_part_conj S G :
  adjoint S = S -> hvalid_conj S G <-> G + adjoint G = conj_mx S + conj_mx S.
Proof.
move=> hermS; have -> : hvalid_conj S G <-> hvalid S (conj_mx G) by [].
rewrite hermitian_part //.
have conjD A B : conj_mx (A + B) = conj_mx A + conj_mx B.
  by apply/matrixP=> i j; rewrite !mxE rmorphD.
have -> : adjoint (conj_mx G) = conj_mx (adjoint G) by apply/matrixP=> i j; rewrite !mxE.
by rewrite -!conjD; split=> [<- | ->]; rewrite conj_mxK.
Qed.

(** A gradient of one conjugation is valid in the other exactly if S is real. *)
Theorem conjugations_differ S G :
  adjoint S = S -> hvalid S G -> hvalid_conj S G <-> conj_mx S = S.
Proof.
move=> hermS /(hermitian_part _ hermS) eqG; rewrite hermitian_part_conj // eqG.
split=> [/esym eqS | -> //]; apply/matrixP=> i j; move/matrixP/(_ i j): eqS.
by rewrite !mxE -!mulr2n => /eqP; rewrite eqr_pmuln2r // => /eqP.
Qed.

End Hermitian.
